"""A machine as screen and exports know it: its frames and what may be done there."""

"""The terminal: what it can do, what it shows, and what is still on the way to it."""

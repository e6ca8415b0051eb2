"""Lists of rows that are more than the living processes: each a frame of its own."""

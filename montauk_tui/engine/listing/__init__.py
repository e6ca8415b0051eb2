"""Lists of other rows than live processes: each is a frame."""

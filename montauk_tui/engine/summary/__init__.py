"""The summary of one row in a few lines: a live or exited process, or a group."""

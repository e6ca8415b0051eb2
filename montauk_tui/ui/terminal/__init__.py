"""The terminal: its capabilities, its contents, and bytes on the way to it."""

"""Rows of a frame: live and exited processes, groups, events, spawners."""

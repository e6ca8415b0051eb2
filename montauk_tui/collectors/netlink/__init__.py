"""Processes by netlink: events of the proc connector, accounting by taskstats."""

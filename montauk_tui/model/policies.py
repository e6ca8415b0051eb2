"""Scheduling policies (sched(7))."""

from typing import Final

REAL_TIME: Final = ("fifo", "rr")
"""Those that have a priority."""

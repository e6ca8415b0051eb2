"""When the next sample is due."""

from typing import Final

_MOST_LATE: Final = 0.1
"""Share of the interval by which a sample may be late and the grid still holds."""


class Schedule:
    """Samples one interval apart, on a grid as long as they are in time.

    A sample that is late by more than a tenth of the interval, as after a SIGSTOP or on
    a host that hangs, starts a new grid: no missed sample is made up for, and no
    interval is shorter than nine tenths of the one set. Smaller delays do not add up.
    """

    def __init__(self, interval_s: float, first_s: float) -> None:
        """Start with a sample taken at `first_s`, by any clock in seconds."""
        self.interval_s = interval_s
        self.due_s = first_s + interval_s
        """When the next one is due."""

    def took(self, sampled_s: float) -> None:
        """Note when a sample was taken, and so when the next one is due."""
        is_on_grid = abs(sampled_s - self.due_s) <= self.interval_s * _MOST_LATE
        self.due_s = (self.due_s if is_on_grid else sampled_s) + self.interval_s

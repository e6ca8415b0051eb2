"""The clock by which segments age: a wall clock that may have been set by mistake."""

import time
from collections.abc import Callable
from typing import Final

_HOUR_NS: Final = 3_600 * 10**9
_DOUBTED_NS: Final = 24 * _HOUR_NS
"""How long a clock that was set forward is not believed."""

Clock = Callable[[], int]
"""Returns nanoseconds."""


def _boot_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class AgeClock:
    """The wall clock, but set forward by more than an hour it is doubted for a day.

    A recording that is removed because of its age does not return when somebody
    notices that the clock was a year ahead. Meanwhile the size still limits it.
    """

    def __init__(
        self, wall_ns: Clock = time.time_ns, boot_ns: Clock = _boot_ns
    ) -> None:
        """Believe the wall clock as it is now."""
        self._wall_ns, self._boot_ns = wall_ns, boot_ns
        self._booted_ns = wall_ns() - boot_ns()
        """When the machine was booted, by the clock that is believed."""
        self._doubted_since_ns: int | None = None

    def now_ns(self) -> int:
        """Return the time; to be asked about once an hour, or more often."""
        boot_ns = self._boot_ns()
        booted_ns = self._wall_ns() - boot_ns
        if booted_ns <= self._booted_ns + _HOUR_NS:
            self._believe(booted_ns)
        elif self._doubted_since_ns is None:
            self._doubted_since_ns = boot_ns
        elif boot_ns - self._doubted_since_ns >= _DOUBTED_NS:
            self._believe(booted_ns)
        return boot_ns + self._booted_ns

    def _believe(self, booted_ns: int) -> None:
        self._booted_ns, self._doubted_since_ns = booted_ns, None

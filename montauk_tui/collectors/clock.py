"""When the machine booted, by the wall clock and by the one that never jumps."""

import time
from typing import Final

_TRIES: Final = 3

_STEP_S: Final = 0.1
"""Smaller differences between the clocks are the time between reading them."""


class BootClock:
    """Gives the same moment until somebody sets the clock, so that starts stay put."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._booted_at_s: float | None = None

    def booted_at_s(self, time_s: float, boot_s: float) -> float:
        """Return the wall clock at boot, given it and CLOCK_BOOTTIME read together."""
        now_s = time_s - boot_s
        if self._booted_at_s is None or abs(now_s - self._booted_at_s) > _STEP_S:
            self._booted_at_s = now_s
        return self._booted_at_s


def boot_offset_ns() -> int:
    """Return CLOCK_BOOTTIME less CLOCK_MONOTONIC.

    An interruption between the two readings would move events by as much.
    """
    tries: list[tuple[int, int]] = []
    for _ in range(_TRIES):
        before_ns = time.monotonic_ns()
        boot_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        after_ns = time.monotonic_ns()
        tries.append((after_ns - before_ns, boot_ns - (before_ns + after_ns) // 2))
    return min(tries)[1]

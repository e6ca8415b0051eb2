"""When the machine booted, by the wall clock and by the one that never jumps."""

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

_INITIAL_TIME_NAMESPACE: Final = 0xEFFFFFFA
"""Its inode number (include/linux/proc_ns.h)."""

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


class NamespaceOffsets(NamedTuple):
    """What a time namespace adds to the clocks of the machine (time_namespaces(7))."""

    monotonic_ns: int = 0
    boot_ns: int = 0


UNKNOWN_OFFSETS: Final = (
    "the offsets of montauk's time namespace cannot be told",
    "start it as a child in the namespace: unshare --time --fork, or nsenter --time",
)
"""Reason and remedy."""


def namespace_offsets(folder: Path = Path("/proc/self")) -> NamespaceOffsets | None:
    """Return what is added to what the kernel itself tells; None if that is unknown.

    System calls and /proc have it in their clocks and start times. BPF programs and
    netlink messages have those of the machine.
    """
    own = _namespace(folder / "ns/time")
    if own in (None, _INITIAL_TIME_NAMESPACE):
        return NamespaceOffsets()
    # The file is about the namespace that children get.
    if own != _namespace(folder / "ns/time_for_children"):
        return None
    try:
        lines = (folder / "timens_offsets").read_text("ascii").splitlines()
        offsets = {
            name: int(seconds) * 10**9 + int(ns)
            for name, seconds, ns in (line.split() for line in lines)
        }
        return NamespaceOffsets(offsets["monotonic"], offsets["boottime"])
    except (OSError, ValueError, KeyError):
        return None


def _namespace(link: Path) -> int | None:
    """Return the inode number of a namespace; None where the kernel has no such."""
    try:
        return os.stat(link).st_ino  # noqa: PTH116 - follows the link, unlike readlink
    except OSError:
        return None

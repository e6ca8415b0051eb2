"""The clocks of a sample, and how they differ."""

import os
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

USER_HZ: Final = os.sysconf("SC_CLK_TCK")
"""Unit of start times, and of the CPU times in /proc."""

_INITIAL_TIME_NAMESPACE: Final = 0xEFFFFFFA
"""Its inode number (include/linux/proc_ns.h)."""

_TRIES: Final = 3

_STEP_S: Final = 0.1
"""Smaller differences between the clocks are the time between reading them."""


class Started(NamedTuple):
    """The clocks as they were when a sample began."""

    time_s: float
    boot_s: float
    monotonic_s: float
    booted_at_s: float
    cpu_s: float
    """CPU time of this thread."""

    def times(self) -> dict[str, Any]:
        """Return the clock fields of a `model.sample.Sample`, at its end."""
        fields = self._asdict()
        used_s = time.thread_time() - fields.pop("cpu_s")
        return {**fields, "user_hz": USER_HZ, "collect_cpu_s": used_s}


class SampleClock:
    """Reads the clocks for each sample.

    The time of boot stays the same until somebody sets the clock, so that start times
    do not flicker.
    """

    def __init__(self) -> None:
        """Start without a time of boot."""
        self._booted_at_s: float | None = None

    def start(self) -> Started:
        """Return the clocks now: a sample begins."""
        cpu_s = time.thread_time()
        time_s, boot_s = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
        now_s = time_s - boot_s
        if self._booted_at_s is None or abs(now_s - self._booted_at_s) > _STEP_S:
            self._booted_at_s = now_s
        return Started(time_s, boot_s, time.monotonic(), self._booted_at_s, cpu_s)


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
    "the offsets of montauk's time namespace are unknown",
    "start it as a child in the namespace: unshare --time --fork, or nsenter --time",
)
"""Reason and remedy."""


def namespace_offsets(folder: Path = Path("/proc/self")) -> NamespaceOffsets | None:
    """Return the offsets to the kernel's own clocks; None if they are unknown.

    Clocks and start times of system calls and /proc include them. BPF programs and
    netlink messages have the clocks of the machine.
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

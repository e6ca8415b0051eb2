"""How often cgroups were throttled by a CPU limit (scheduler/sched-bwc.rst)."""

import math
import os
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.cgroup_file import CGROUP_BYTES, MOUNT, cpu_folders
from montauk_tui.collectors.procfs.enrich.base import Process

_STAT_BYTES: Final = 4096
_DIGITS: Final = 20
_FORGOTTEN_AFTER: Final = 64


class _Counts(NamedTuple):
    """The counts of a cpu.stat file, and their growth since the reading before."""

    sample: int
    throttled: int
    periods: int
    more_throttled: float
    more_periods: float


class Throttling:
    """Counts by cgroup, read once a sample whatever the number of processes."""

    def __init__(self, mount: str = MOUNT) -> None:
        """Read the trees below `mount`."""
        self._mount = mount
        self._sample = 0
        self._counts: dict[str, _Counts | None] = {}

    def __call__(self, of: Process) -> tuple[float, float]:
        """Return the counts of `periods` for the cgroup of a process."""
        return self.periods(of.read("cgroup", CGROUP_BYTES), of.sample)

    def _begin(self, sample: int) -> None:
        self._sample = sample
        for folder, counts in list(self._counts.items()):
            age = _FORGOTTEN_AFTER if counts is None else self._sample - counts.sample
            if age >= _FORGOTTEN_AFTER:
                self._counts.pop(folder, None)

    def periods(self, raw: bytes, sample: int) -> tuple[float, float]:
        """Return the throttled and all periods of a process's cgroup.

        Both are of the time between the last two readings. Each cgroup from there up
        may have a limit: the one that was throttled most counts. Without a limit
        both are 0; they are NaN where no cgroup can be read, or only once.
        """
        # A front end may still ask for the sample before.
        if sample > self._sample:
            self._begin(sample)
        worst, share = (math.nan, math.nan), -1.0
        for folder in cpu_folders(raw, self._mount):
            counts = self._read(folder)
            if counts is None:
                continue
            found = counts.more_throttled, counts.more_periods
            here = found[0] / found[1] if found[1] else 0.0
            # A cgroup without a limit is not throttled, unless one above it is.
            if here > share or (math.isnan(here) and share <= 0):
                worst, share = found, 0.0 if math.isnan(here) else here
        return worst

    def _read(self, folder: str) -> _Counts | None:
        before = self._counts.get(folder)
        if before is not None and before.sample == self._sample:
            return before
        if before is None and folder in self._counts:
            return None
        try:
            throttled, periods = _counts(folder)
        except (OSError, ValueError):
            self._counts[folder] = None
            return None
        if before is None:
            unknown = math.nan if periods else 0.0
            now = _Counts(self._sample, throttled, periods, unknown, unknown)
        else:
            # A cgroup that was removed and made again counts from 0.
            more = (
                max(0, throttled - before.throttled),
                max(0, periods - before.periods),
            )
            now = _Counts(self._sample, throttled, periods, *map(float, more))
        self._counts[folder] = now
        return now

    def __len__(self) -> int:
        """Return how many cgroups are kept."""
        return len(self._counts)


def _counts(folder: str) -> tuple[int, int]:
    """Return how often a cgroup was throttled, and of how many periods.

    Raises:
        OSError: It has exited, or has no such file.
        ValueError: The file is not what it should be.
    """
    fd = os.open(f"{folder}/cpu.stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        words = os.read(fd, _STAT_BYTES).split()
    finally:
        os.close(fd)
    values = dict(zip(words[::2], words[1::2], strict=False))
    found = [values.get(name, b"0") for name in (b"nr_throttled", b"nr_periods")]
    if not all(value.isdigit() and len(value) <= _DIGITS for value in found):
        raise ValueError("not a cpu.stat file")
    return int(found[0]), int(found[1])

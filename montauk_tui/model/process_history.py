"""CPU use and memory of every process in the last intervals, in few bytes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.model.orphans import codes
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Floats, Ints

SmallFloats = npt.NDArray[np.float32]


class Interval(NamedTuple):
    """One interval: equally long columns, NaN where a value is unknown."""

    code: Ints
    """The process (`orphans.codes`), ascending."""
    cpu_pct: SmallFloats
    rss_bytes: SmallFloats


class Series(NamedTuple):
    """One process over the intervals, the latest last; NaN while it did not exist."""

    cpu_pct: Floats
    rss_bytes: Floats


def series_of(intervals: Sequence[Interval], identity: Identity) -> Series:
    """Return the series of one process; other processes with its pid are left out."""
    pid, start = (np.array([number], dtype=np.int64) for number in identity)
    code = codes(pid, start)[0]
    series = Series(np.full(len(intervals), np.nan), np.full(len(intervals), np.nan))
    last, row = None, 0
    for at, interval in enumerate(intervals):
        if interval.code is not last:
            # While no process starts or exits, intervals share the column.
            last, row = interval.code, int(np.searchsorted(interval.code, code))
        if row < len(interval.code) and interval.code[row] == code:
            series.cpu_pct[at] = interval.cpu_pct[row]
            series.rss_bytes[at] = interval.rss_bytes[row]
    return series


class SeriesReader:
    """Reads the series of one process again and again, only what is new each time."""

    def __init__(self) -> None:
        """Start with no process."""
        self._identity: Identity | None = None
        self._last: Interval | None = None
        self._series = Series(np.empty(0), np.empty(0))

    def read(self, intervals: Sequence[Interval], identity: Identity) -> Series:
        """Return `series_of` the arguments."""
        new = len(intervals)
        if identity == self._identity:
            new = next(
                (at for at, it in enumerate(reversed(intervals)) if it is self._last),
                len(intervals),
            )
        if new or not intervals:
            added = series_of(intervals[len(intervals) - new :], identity)
            kept = len(intervals) - new
            self._series = Series(
                *(
                    np.append(old[len(old) - kept :], more)
                    for old, more in zip(self._series, added, strict=True)
                )
            )
            self._identity = identity
            self._last = intervals[-1] if intervals else None
        return self._series

"""The timeline: moments in cells of equal length, and the next that stands out."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.recording import Mark, Timeline
from montauk_tui.model.schema import Bools, Floats, Ints

_STEPS_S: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400,
)  # fmt: skip
"""Lengths of a cell."""


_MS: Final = 0.001


class Cells(NamedTuple):
    """What a timeline shows; arrays with a value for each cell, NaN without a moment.

    A cell has the moment with the most busy cores of its time, so that none is hidden.
    """

    begin_s: float
    """Wall clock at the left edge of the first cell."""
    step_s: float
    live: Floats
    """Cores kept busy by live processes, and by interrupts."""
    exited: Floats
    unexplained: Floats
    marks: Ints
    """Those of all moments in the cell."""

    def cell_of(self, wall_s: float) -> int:
        """Return the cell of a time; it may be beyond either end."""
        return int((wall_s - self.begin_s) // self.step_s)

    def end_of(self, cell: int) -> float:
        """Return the last millisecond of a cell."""
        return self.begin_s + (cell + 1) * self.step_s - _MS


def cells_of(timeline: Timeline, most: int) -> Cells | None:
    """Return at most so many cells, the newest last; None if there is no moment.

    Their length is the shortest in which all moments fit.
    """
    if not len(timeline.wall_s) or most < 1:
        return None
    # Somebody may have set the clock back.
    wall_s = np.maximum.accumulate(timeline.wall_s)
    step_s = _step(float(wall_s[0]), float(wall_s[-1]), most)
    place: Ints = (wall_s // step_s).astype(np.int64)
    last = int(place[-1])
    count = min(most, last - int(place[0]) + 1)
    place -= last - count + 1
    busy = np.nan_to_num(timeline.busy, nan=-1.0)
    order = np.lexsort((busy, place))
    order = order[place[order] >= 0]
    ends = np.flatnonzero(np.diff(place[order], append=count))
    highest = order[ends]
    marks = np.zeros(count, dtype=np.int64)
    np.bitwise_or.at(marks, place[order], timeline.marks[order])

    def spread(values: Floats) -> Floats:
        found = np.full(count, np.nan)
        found[place[highest]] = values[highest]
        return found

    exited, unexplained = (
        np.maximum(np.nan_to_num(values), 0.0)
        for values in (timeline.exited, timeline.unexplained)
    )
    live = np.maximum(timeline.busy - exited - unexplained, 0.0)
    return Cells(
        float(last - count + 1) * step_s, float(step_s),
        spread(live), spread(exited), spread(unexplained), marks,
    )  # fmt: skip


def _step(first_s: float, last_s: float, most: int) -> int:
    fitting = (
        step for step in _STEPS_S if int(last_s // step) - int(first_s // step) < most
    )
    return next(fitting, _STEPS_S[-1])


_BASE: Final = 60
"""Moments before a spike that it is compared with."""
_SPIKE_CORES: Final = 0.5
_SPIKE_RATIO: Final = 1.5


def next_spike(timeline: Timeline, at: int, step: int) -> int | None:
    """Return the next moment at which many more cores begin to be busy than before.

    That is at least half a core, and half as many again as in the median of the minute
    before.

    Args:
        timeline: That of the recording.
        at: The index of the moment to start from, which does not count.
        step: 1 for later ones, -1 for earlier ones.
    """
    return _next(_begins_spike(timeline.busy), at, step)


def next_mark(timeline: Timeline, mark: Mark, at: int, step: int) -> int | None:
    """Return the next moment with a mark; arguments as for `next_spike`."""
    return _next((timeline.marks & mark) != 0, at, step)


def _next(wanted: Bools, at: int, step: int) -> int | None:
    places = np.flatnonzero(wanted)
    found = places[places > at] if step > 0 else places[places < at][::-1]
    return int(found[0]) if len(found) else None


def _begins_spike(busy: Floats) -> Bools:
    known = np.nan_to_num(busy)
    padded = np.concatenate([np.full(_BASE, known[:1].sum()), known])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _BASE)[: len(known)]
    usual = np.median(windows, axis=1)
    high: Bools = known > np.maximum(usual + _SPIKE_CORES, usual * _SPIKE_RATIO)
    high[1:] &= ~high[:-1]
    return high

"""Busy cores over time, from the index of a recording: no sample is read for it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from montauk_tui.export.report.reading import Part
from montauk_tui.model.recording import Mark, Timeline
from montauk_tui.model.schema import Floats, Ints

KINDS: Final = (Mark.FAILED, Mark.OOM, Mark.LOST, Mark.COLLECTOR)
"""The marks, in the order of `Columns.marks`."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns of time, one after the other, with gaps where nothing was recorded."""

    begin_s: Floats
    """Wall clock, as the next."""
    end_s: Floats
    busy: Floats
    """Cores, on average, as the next two; NaN where unknown."""
    exited: Floats
    unexplained: Floats
    peak: Floats
    """The most busy cores of any interval."""
    marks: Ints
    """Shape (kinds, columns): the number of intervals with each mark."""

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.begin_s)


def columns_of(timeline: Timeline, part: Part, most: int) -> Columns:
    """Return the intervals of a part, or at most `most` columns that sum them up."""
    own = slice(part.first + 1, part.last + 1)
    busy, end_s = timeline.busy[own], timeline.wall_s[own]
    interval_s = np.nan_to_num(timeline.interval_s[own])
    marks = np.stack([(timeline.marks[own] & kind) != 0 for kind in KINDS])
    intervals = Columns(
        end_s - interval_s, end_s, busy, timeline.exited[own],
        timeline.unexplained[own], busy, marks.astype(np.int64),
    )  # fmt: skip
    return intervals if len(intervals) <= most else _summed(intervals, most)


def _summed(intervals: Columns, most: int) -> Columns:
    """Return columns of equal length, each with at least two intervals on average."""
    first_s, last_s = intervals.begin_s.min(), intervals.end_s.max()
    count = min(most, len(intervals) // 2)
    edges = np.linspace(first_s, last_s, count + 1)
    middle_s = (intervals.begin_s + intervals.end_s) / 2
    of = (np.searchsorted(edges, middle_s, side="right") - 1).clip(0, count - 1)
    weight = intervals.end_s - intervals.begin_s
    peak = np.full(count, np.nan)
    np.fmax.at(peak, of, intervals.peak)
    marks = np.stack([np.bincount(of, row, count) for row in intervals.marks])
    busy, exited, unexplained = (
        _mean(values, weight, of, count)
        for values in (intervals.busy, intervals.exited, intervals.unexplained)
    )
    return Columns(
        edges[:-1], edges[1:], busy, exited, unexplained, peak, marks.astype(np.int64)
    )


def _mean(values: Floats, weight: Floats, of: Ints, count: int) -> Floats:
    known = np.isfinite(values) & (weight > 0)
    total = np.bincount(of[known], (values * weight)[known], count)
    weights = np.bincount(of[known], weight[known], count)
    with np.errstate(invalid="ignore"):
        mean: Floats = total / weights
    return mean

"""The timeline as SVG: areas of busy cores, and a lane for each kind of mark."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.export.report.timeline import KINDS, Columns
from montauk_tui.model.recording import Mark
from montauk_tui.model.schema import Bools, Floats

_LANES: Final = {
    Mark.FAILED: ("failed", "failed", "intervals in which a process failed"),
    Mark.OOM: ("OOM kill", "oom", "intervals in which the OOM killer chose a process"),
    Mark.LOST: ("lost", "lost", "intervals in which events were lost"),
    Mark.COLLECTOR: (
        "collector",
        "collector",
        "intervals in which another collector took over",
    ),
}
_LANE_PX: Final = 16
_TOP_PX: Final = 10
_AXIS_PX: Final = 24
_STEPS_S: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
    43200, 86400, 2 * 86400, 7 * 86400, 28 * 86400,
)  # fmt: skip
_DAY_S: Final = 86400
_LEAST_MARK_PX: Final = 2.0
_HALF_LABEL_PX: Final = 28
_ENOUGH: Final = 0.5
"""Share of all cores from which on the axis goes up to all."""
_TOO_MUCH: Final = 1.1
"""Clocks that differ may give a little more than all."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a chart, in the units of its SVG."""

    name: str
    """Its class."""
    width: int
    height: int
    """Of the areas."""
    left: int
    """Room for labels."""
    most_ticks: int


class Rest(NamedTuple):
    """How CPU time is called that no process and no interrupt accounts for."""

    name: str
    style: str


class Chart:
    """Draws one timeline; there is no text of a process in it."""

    def __init__(
        self,
        timeline: Columns,
        cpus: int,
        size: Size,
        gaps: Sequence[tuple[float, float]],
        rest: Rest,
    ) -> None:
        """Take a timeline that is not empty.

        Args:
            timeline: The timeline.
            cpus: How many there are.
            size: Of the picture.
            gaps: Begin and end of each time that was not recorded.
            rest: What is in no process.
        """
        self._columns, self._size, self._gaps = timeline, size, gaps
        self._rest = rest
        self._first_s = float(timeline.begin_s.min())
        self._last_s = max(float(timeline.end_s.max()), self._first_s + 1e-3)
        most = float(np.nan_to_num(timeline.peak).max())
        is_all = cpus * _ENOUGH <= most <= cpus * _TOO_MUCH
        self._most = cpus if is_all else _round_up(most)
        self._lanes = [
            (kind, timeline.marks[row])
            for row, kind in enumerate(KINDS)
            if timeline.marks[row].any()
        ]

    def text(self) -> str:
        """Return the SVG."""
        size = self._size
        height = _TOP_PX + size.height + _AXIS_PX + _LANE_PX * len(self._lanes)
        begin, end = (_clock(at, _DAY_S) for at in (self._first_s, self._last_s))
        start = (
            f'<svg class="{size.name}" viewBox="0 0 {size.width} {height}" '
            f'role="img" aria-label="Busy cores from {begin} to {end}">'
        )
        return "\n".join(
            [
                start,
                *self._grid(),
                *self._areas(),
                *self._times(),
                *self._marks(),
                *self._hints(),
                "</svg>",
            ]
        )

    def _x(self, time_s: float) -> float:
        size = self._size
        share = (time_s - self._first_s) / (self._last_s - self._first_s)
        return size.left + min(max(share, 0.0), 1.0) * (size.width - size.left - 1)

    def _y(self, cores: float) -> float:
        share = min(max(cores / self._most, 0.0), 1.0)
        return _TOP_PX + (1.0 - share) * self._size.height

    def _grid(self) -> Iterator[str]:
        """Yield lines of cores, and what was not recorded."""
        size = self._size
        for share in (0.0, 0.5, 1.0):
            cores = self._most * share
            y = self._y(cores)
            yield f'<path class="grid" d="M{size.left} {y:.1f}H{size.width - 1}"/>'
            yield (
                f'<text class="y" x="{size.left - 8}" y="{y + 4:.1f}">'
                f"{cores:.3g}</text>"
            )
        for begin_s, end_s in self._gaps:
            left, right = self._x(begin_s), self._x(end_s)
            yield (
                f'<rect class="gap" x="{left:.1f}" y="{_TOP_PX}" '
                f'width="{max(right - left, 1.0):.1f}" height="{size.height}">'
                f"<title>not recorded from {_clock(begin_s, 1)} to {_clock(end_s, 1)}"
                "</title></rect>"
            )

    def _areas(self) -> Iterator[str]:
        """Yield what covers the areas below it, the largest first, and the peaks."""
        it = self._columns
        exited, rest = np.nan_to_num(it.exited), np.nan_to_num(it.unexplained).clip(0.0)
        live = (it.busy - exited - rest).clip(0.0)
        for name, top in (
            (self._rest.style, live + exited + rest),
            ("exited", live + exited),
            ("live", live),
        ):
            yield f'<path class="{name}" d="{self._area(top)}"/>'
        if (it.peak > it.busy).any():
            yield f'<path class="peak" d="{self._line(it.peak)}"/>'

    def _runs(self, known: Bools) -> Iterator[range]:
        """Yield columns that are known and touch each other."""
        it, start = self._columns, -1
        for column in range(len(it)):
            touches = start >= 0 and (
                self._x(it.begin_s[column]) - self._x(it.end_s[column - 1]) < 1.0
            )
            if start >= 0 and not (known[column] and touches):
                yield range(start, column)
                start = -1
            if start < 0 and known[column]:
                start = column
        if start >= 0:
            yield range(start, len(it))

    def _steps(self, run: range, values: Floats) -> str:
        ends = self._columns.end_s
        return "".join(
            f"V{self._y(values[one]):.1f}H{self._x(ends[one]):.1f}" for one in run
        )

    def _area(self, values: Floats) -> str:
        base = self._y(0.0)
        return "".join(
            f"M{self._x(self._columns.begin_s[run.start]):.1f} {base:.1f}"
            f"{self._steps(run, values)}V{base:.1f}Z"
            for run in self._runs(np.isfinite(values))
        )

    def _line(self, values: Floats) -> str:
        return "".join(
            f"M{self._x(self._columns.begin_s[run.start]):.1f} "
            f"{self._y(values[run.start]):.1f}{self._steps(run, values)}"
            for run in self._runs(np.isfinite(values))
        )

    def _times(self) -> Iterator[str]:
        """Yield labels of the time."""
        size, base = self._size, _TOP_PX + self._size.height
        length_s = self._last_s - self._first_s
        steps = (it for it in _STEPS_S if length_s / it <= size.most_ticks)
        step_s = next(steps, length_s)
        # Whole hours of the local time.
        offset_s = _offset_s(self._first_s)
        at_s = math.ceil((self._first_s + offset_s) / step_s) * step_s - offset_s
        while at_s <= self._last_s:
            x = self._x(at_s)
            yield f'<path class="tick" d="M{x:.1f} {base}v4"/>'
            # The last one may have no room.
            if x < size.width - _HALF_LABEL_PX:
                yield (
                    f'<text class="x" x="{x:.1f}" y="{base + 17}">'
                    f"{_clock(at_s, step_s)}</text>"
                )
            at_s += step_s

    def _marks(self) -> Iterator[str]:
        """Yield a lane for each kind of mark that there is."""
        size, it = self._size, self._columns
        for lane, (kind, counts) in enumerate(self._lanes):
            name, style, meaning = _LANES[kind]
            top = _TOP_PX + size.height + _AXIS_PX + lane * _LANE_PX
            yield (
                f'<text class="y" x="{size.left - 8}" y="{top + 11}">{name}</text>'
                f'<path class="lane" d="M{size.left} {top + 7}H{size.width - 1}"/>'
            )
            parts = []
            for run in self._runs(counts > 0):
                left = self._x(it.begin_s[run.start])
                wide = max(self._x(it.end_s[run[-1]]) - left, _LEAST_MARK_PX)
                parts.append(f"M{left:.1f} {top + 2}h{wide:.1f}v10h-{wide:.1f}z")
            yield (
                f'<path class="mark {style}" d="{"".join(parts)}">'
                f"<title>{int(counts.sum()):,} {meaning}</title></path>"
            )

    def _hints(self) -> Iterator[str]:
        """Yield what a pointer on a column shows."""
        it, lanes = self._columns, len(self._lanes)
        height = self._size.height + (_AXIS_PX + lanes * _LANE_PX if lanes else 0)
        for column in range(len(it)):
            left = self._x(it.begin_s[column])
            wide = max(self._x(it.end_s[column]) - left, 0.5)
            yield (
                f'<rect class="hint" x="{left:.1f}" y="{_TOP_PX}" width="{wide:.1f}" '
                f'height="{height}"><title>{self._hint(column)}</title></rect>'
            )

    def _hint(self, column: int) -> str:
        it = self._columns
        words = [
            f"{_clock(it.begin_s[column], 1)}: {_cores(it.busy[column])} busy",
            f"{_cores(it.exited[column])} exited",
            f"{_cores(it.unexplained[column])} {self._rest.name}",
        ]
        if it.peak[column] > it.busy[column]:
            words.append(f"at most {_cores(it.peak[column])} busy")
        words += [_LANES[kind][0] for kind, counts in self._lanes if counts[column]]
        return ", ".join(words)


def _cores(value: float) -> str:
    return "-" if math.isnan(value) else f"{value + 0.0:.2f}"


def _round_up(cores: float) -> float:
    """Return the next of 1, 2, 5, 10 and so on, by tens."""
    if cores <= 0:
        return 1.0
    ten = 10.0 ** math.floor(math.log10(cores))
    return next(ten * one for one in (1, 2, 5, 10) if ten * one >= cores * 0.999)


def _offset_s(time_s: float) -> float:
    offset = datetime.fromtimestamp(time_s).astimezone().utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _clock(time_s: float, step_s: float) -> str:
    """Return a local time as exact as a step requires."""
    local = datetime.fromtimestamp(time_s).astimezone()
    if step_s >= _DAY_S:
        return f"{local:%Y-%m-%d}"
    return f"{local:%H:%M:%S}" if step_s % 60 else f"{local:%H:%M}"

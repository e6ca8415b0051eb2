"""Graphs of the past intervals, for the panel and the page of a process."""

import math
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.history.process_history import MOST_INTERVALS
from montauk_tui.engine.past import before_word, end_text
from montauk_tui.engine.summary.items import Graph
from montauk_tui.engine.units import byte_rate_text, bytes_text, percent_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats

_LEAST_MEMORY: Final = 1 << 20
_LEAST_IO: Final = 1 << 10
_SCALES: Final = (10.0, 25.0, 50.0)
"""Scales of the graph for CPU use below one core."""
_SPAN_IN_MINUTES_S: Final = 120.0


class Ends(NamedTuple):
    """The times at the ends of a graph."""

    begin: str
    end: str


NO_ENDS: Final = Ends("", "")


def ends_of(frame: Frame, *, is_over: bool = False) -> Ends:
    """Return the ends of a full history: `60 s ago` and `now`.

    In the past, and if `is_over`, `60 s before` and the time that is shown.
    """
    frame = replace(frame, is_recorded=True) if is_over else frame
    lengths = sorted(churn.interval_s for churn in frame.history.churn)
    # The usual one, and not to the millisecond: no interval is as long as the other.
    # np.median() imports numpy.ma: 2 MiB.
    usual_s = lengths[len(lengths) // 2] if lengths else 1.0
    span_s = round(usual_s, 1) * MOST_INTERVALS
    is_short = span_s < _SPAN_IN_MINUTES_S
    span = f"{span_s:.0f} s" if is_short else f"{span_s / 60:.0f} min"
    return Ends(f"{span} {before_word(frame)}", end_text(frame))


def cpu_graph(points: Floats, now: float, ends: Ends) -> Graph:
    """Return the graph of CPU use; `now` is NaN if it has exited."""
    most = _most(points)
    text = "" if math.isnan(now) and not math.isnan(most) else percent_text(now)
    if math.isnan(most):
        return Graph("CPU%", text, "", _padded(points), 100.0, "100", *ends, "cpu")
    full = next((scale for scale in _SCALES if most <= scale), 0.0)
    full = full or math.ceil(most / 100.0) * 100.0
    note = f"peak {percent_text(most)}"
    top = f"{full:.0f}"
    return Graph("CPU%", text, note, _padded(points), full, top, *ends, "cpu")


def memory_graph(text: str, points: Floats, ends: Ends) -> Graph:
    """Return the graph of resident memory, `text` for now."""
    full = _full_bytes(points, _LEAST_MEMORY)
    top, note = bytes_text(full).replace(".0", ""), _memory_note(points)
    return Graph("Memory", text, note, _padded(points), full, top, *ends, "memory")


def _memory_note(points: Floats) -> str:
    """Return the peak, or by how much memory grew until now, if now is the peak."""
    known = points[np.isfinite(points)]
    if not known.size:
        return ""
    most, grown = float(known.max()), float(known[-1] - known[0])
    is_growing = known[-1] == most and grown >= _LEAST_MEMORY
    return f"grew {bytes_text(grown)}" if is_growing else f"peak {bytes_text(most)}"


def io_graph(text: str, points: Floats, ends: Ends) -> Graph:
    """Return the graph of bytes a second, `text` for now."""
    known, full = _most(points), _full_bytes(points, _LEAST_IO)
    note = "" if math.isnan(known) else f"peak {byte_rate_text(known)}"
    top = bytes_text(full).replace(".0", "")
    return Graph("I/O", text, note, _padded(points), full, top, *ends, "io")


def _full_bytes(points: Floats, least: int) -> float:
    """Return a power of two: a scale stays while a value grows a little."""
    most = _most(points)
    return 2.0 ** math.ceil(math.log2(max(least, 0 if math.isnan(most) else most)))


def _padded(points: Floats) -> Floats:
    """Return as many points as a full history has."""
    points = points[-MOST_INTERVALS:]
    padded = np.full(MOST_INTERVALS, np.nan)
    padded[MOST_INTERVALS - len(points) :] = points
    return padded


def _most(points: Floats) -> float:
    known = points[np.isfinite(points)]
    return float(known.max()) if known.size else math.nan

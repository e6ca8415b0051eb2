"""The processes that ended in an interval, beside those that live."""

from typing import Final

import numpy as np

from montauk_tui.engine.listing.ended import ended_in_sample
from montauk_tui.engine.order import sort_rows
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query import Query, matching
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import find
from montauk_tui.model.schema import Bools, Floats, Ints, as_floats

_DEAD: Final = ord("X")

_SAME: Final = {
    **{name: name for name in ("pid", "ppid", "uid", "rss_bytes", "threads")},
    "io_read_bytes": "read_bytes",
    "io_write_bytes": "write_bytes",
}
"""Columns whose values those who ended have too, by the name they have there."""

_BYTES_A_SECOND: Final = {
    "io_rate": ("read_bytes", "write_bytes"),
    "io_read_rate": ("read_bytes",),
    "io_write_rate": ("write_bytes",),
}


def live_and_ended(frame: Frame, view: View, limit: int | None) -> tuple[Ints, Ints]:
    """Return the rows of living processes and of those that ended, each in order.

    No process is in both. With a limit the first of both together are kept.
    """
    live = project(frame, view).rows
    live = live[~_is_over(frame)[live]]
    ended = _matching(frame, view.query)
    key = np.concatenate([view.sort.key(frame)[live], _key(frame, view.sort.id)[ended]])
    kept = np.zeros(len(key), dtype=np.bool_)
    kept[sort_rows(key, descending=view.descending)[:limit]] = True
    order = sort_rows(_key(frame, view.sort.id)[ended], descending=view.descending)
    return live[kept[: len(live)]], ended[order][kept[len(live) :][order]]


def _is_over(frame: Frame) -> Bools:
    """Return which rows of the table stand for processes that have ended."""
    table, exits = frame.sample.processes, frame.sample.exits
    over: Bools = table.state == _DEAD
    if exits is not None and len(exits):
        join = find(table, exits.pid, exits.start_ticks)
        over = over.copy()
        over[join.row[join.found]] = True
    return over


def _matching(frame: Frame, query: Query) -> Ints:
    exits = frame.sample.exits
    if exits is None:
        return np.empty(0, dtype=np.int64)
    if not query:
        return np.arange(len(exits))
    # The list has the last first.
    return np.flatnonzero(matching(query, ended_in_sample(frame, exits))[::-1])


def _key(frame: Frame, column_id: str) -> Floats:
    """Return what an ended process sorts by, NaN where it has no such value."""
    exits = frame.sample.exits
    if exits is None:
        return np.empty(0)
    if column_id in ("cpu_pct", "ncpu_pct"):
        return frame.rates.exit_cpu_pct
    if column_id == "cpu_time":
        total: Floats = (as_floats(exits.utime_ns) + as_floats(exits.stime_ns)) / 1e9
        return total
    if column_id in _SAME:
        return as_floats(getattr(exits, _SAME[column_id]))
    per_s = frame.rates.exit_per_s
    if column_id in _BYTES_A_SECOND:
        rate: Floats = sum(
            (per_s[name] for name in _BYTES_A_SECOND[column_id]), np.zeros(len(exits))
        )
        return rate
    return np.full(len(exits), np.nan)

"""The processes that ended in an interval, beside those that live."""

import numpy as np

from montauk_tui.engine.listing.ended import ended_in_sample
from montauk_tui.engine.listing.rows import DEAD, RowLookups, beside, carried, frame_of
from montauk_tui.engine.projection import View, project
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import find
from montauk_tui.model.schema import Bools, Ints


def live_and_ended(frame: Frame, view: View, limit: int | None) -> tuple[Ints, Ints]:
    """Return the rows of living processes and of those that ended, each in order.

    No process is in both. They are filtered and sorted as one list; with a limit its
    first are kept.
    """
    exits = frame.sample.exits
    if exits is None:
        return project(frame, view).rows[:limit], np.empty(0, dtype=np.int64)
    lives = np.flatnonzero(~_is_over(frame, exits))
    rows = project(_both(frame, exits, lives), view).rows[:limit]
    is_end = rows < len(exits)
    # The last to end is the first row.
    return lives[rows[~is_end] - len(exits)], len(exits) - 1 - rows[is_end]


def _both(frame: Frame, exits: ExitTable, lives: Ints) -> Frame:
    """Return one frame of who ended in the interval and who lives."""
    ended = ended_in_sample(frame, exits)
    ends, table = ended.sample.processes, frame.sample.processes
    kept = np.zeros(len(table), dtype=np.bool_)
    kept[lives] = True
    living = table.only(kept)
    of_living = {name: values[lives] for name, values in carried(frame.rates).items()}
    of_ends = {**ended.extra, **carried(ended.rates)}
    rows = ends.merged(living)
    return frame_of(
        frame,
        rows,
        np.concatenate([ended.rates.cpu_pct, frame.rates.cpu_pct[lives]]),
        beside(of_ends, len(ends), of_living, len(living)),
        RowLookups(frame.lookups, ends.pid, exits.cmdline[::-1]),
    )


def _is_over(frame: Frame, exits: ExitTable) -> Bools:
    """Return which rows of the table stand for processes that have ended."""
    table = frame.sample.processes
    over: Bools = table.state == DEAD
    join = find(table, exits.pid, exits.start_ticks)
    over = over.copy()
    over[join.row[join.found]] = True
    return over

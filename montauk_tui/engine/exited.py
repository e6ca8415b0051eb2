"""The processes that ended in an interval, beside those that live."""

import numpy as np

from montauk_tui.engine.listing.exited import ended_in_sample
from montauk_tui.engine.listing.rows import DEAD, beside, carried, frame_of
from montauk_tui.engine.projection import View, project
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import find
from montauk_tui.model.schema import Bools, Ints


def live_and_ended(listed: Frame, view: View, limit: int | None) -> tuple[Ints, Ints]:
    """Return the rows of living processes and of those that ended, each in order.

    They are those of the frame that `beside_ended` had, filtered and sorted as one
    list; with a limit its first are kept.
    """
    rows = project(listed, view).rows[:limit]
    frame = listed.whole or listed
    exits = frame.sample.exits
    if exits is None:
        return rows, np.empty(0, dtype=np.int64)
    lives = np.flatnonzero(~_is_over(frame, exits))
    is_end = rows < len(exits)
    # The last to end is the first row.
    return lives[rows[~is_end] - len(exits)], len(exits) - 1 - rows[is_end]


def beside_ended(frame: Frame) -> Frame:
    """Return one frame of who ended in the interval and who lives; nobody is twice.

    It is the same frame where the collector does not see processes end.
    """
    exits = frame.sample.exits
    if exits is None:
        return frame
    ended, lives = ended_in_sample(frame, exits), ~_is_over(frame, exits)
    ends, living = ended.sample.processes, frame.sample.processes.only(lives)
    of_living = {name: values[lives] for name, values in carried(frame.rates).items()}
    of_ends = {**ended.extra, **carried(ended.rates)}
    rows = ends.merged(living)
    return frame_of(
        frame,
        rows,
        np.concatenate([ended.rates.cpu_pct, frame.rates.cpu_pct[lives]]),
        beside(of_ends, len(ends), of_living, len(living)),
        ended.lookups,
    )


def _is_over(frame: Frame, exits: ExitTable) -> Bools:
    """Return which rows of the table stand for processes that have ended."""
    table = frame.sample.processes
    over: Bools = table.state == DEAD
    join = find(table, exits.pid, exits.start_ticks)
    over[join.row[join.found]] = True
    return over

"""The processes that exited in an interval, beside live ones."""

import numpy as np

from montauk_tui.engine.projection import View, project
from montauk_tui.engine.rows.build import beside, carried, frame_of
from montauk_tui.engine.rows.exited import exited_in_sample
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import find
from montauk_tui.model.names import DEAD
from montauk_tui.model.schema import Bools, Ints


def live_and_exited(listed: Frame, view: View, limit: int | None) -> tuple[Ints, Ints]:
    """Return the rows of live and of exited processes, each in order.

    They are rows of the frame given to `beside_exited`, filtered and sorted as one
    list; with a limit the first are kept.
    """
    rows = project(listed, view).rows[:limit]
    frame = listed.whole or listed
    exits = frame.sample.exits
    if exits is None:
        return rows, np.empty(0, dtype=np.int64)
    live_rows = np.flatnonzero(~_has_exited(frame, exits))
    is_exit = rows < len(exits)
    # The last exit is the first row.
    return live_rows[rows[~is_exit] - len(exits)], len(exits) - 1 - rows[is_exit]


def beside_exited(frame: Frame) -> Frame:
    """Return one frame of live processes and of exits in the interval, each once.

    It is the same frame where there are no exits, or the collector does not see them.
    """
    exits = frame.sample.exits
    if exits is None:
        return frame
    is_live = ~_has_exited(frame, exits)
    if not len(exits) and is_live.all():
        return frame
    exited = exited_in_sample(frame, exits)
    exit_rows, living = exited.sample.processes, frame.sample.processes.only(is_live)
    of_living = {name: values[is_live] for name, values in carried(frame.rates).items()}
    of_exits = {**exited.extra, **carried(exited.rates)}
    rows = exit_rows.merged(living)
    return frame_of(
        frame,
        rows,
        np.concatenate([exited.rates.cpu_pct, frame.rates.cpu_pct[is_live]]),
        beside(of_exits, len(exit_rows), of_living, len(living)),
        exited.lookups,
        exits.deaths,
    )


def _has_exited(frame: Frame, exits: ExitTable) -> Bools:
    """Return which rows of the table stand for exited processes."""
    table = frame.sample.processes
    exited: Bools = table.state == DEAD
    join = find(table, exits.pid, exits.start_ticks)
    exited[join.row[join.found]] = True
    return exited

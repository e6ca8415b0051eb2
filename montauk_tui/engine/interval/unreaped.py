"""Processes whose exit the previous sample reported, and that are still rows: zombies.

They exited after its snapshot, and the exit was charged with all that no row was. What
the zombie has more than the row before, if there was one, is no use of this interval.
"""

import numpy as np

from montauk_tui.model.join import Join, by_pid, find
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Floats, Ints

_NONE = Join(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))


def unreaped(previous: Sample, current: Sample) -> Join:
    """Return the row in `current` of each exit of `previous`; most have none."""
    exits = previous.exits
    if exits is None or not len(exits):
        return _NONE
    return find(current.processes, exits.pid, exits.start_ticks)


def less_reported(
    grown: Floats, join: Join, now: Floats, reported: Floats, rows: Ints
) -> None:
    """Let the growth of unreaped rows begin at what their exits have reported.

    A row that had more counts from there: an exit may lack what threads have done that
    exited before anybody listened.

    Args:
        grown: The growth of each row; it is changed.
        join: As `unreaped` returns it.
        now: The value of each of its rows.
        reported: That of each of its exits; NaN where unknown.
        rows: Those that `grown` has, ascending.
    """
    rest = np.maximum(now - reported[join.found], 0.0)
    at = join.row[join.found]
    at, has = by_pid(rows, at)
    # fmin() returns the one that is known.
    grown[at[has]] = np.fmin(grown[at[has]], rest[has])

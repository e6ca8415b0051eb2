"""How the CPU time of an interval divides into user mode and the kernel."""

import numpy as np

from montauk_tui.model.frame import Frame
from montauk_tui.model.join import Join, find
from montauk_tui.model.sample import ProcessTable, Sample
from montauk_tui.model.schema import Floats, as_floats


def user_share(previous: Sample, current: Sample) -> Floats:
    """Return the share of user mode in what each row used since a sample, 0 to 1.

    Where that is not known it is the share in all that the process used; if that is
    nothing, 1, as the kernel does (cputime_adjust in kernel/sched/cputime.c).
    """
    table = current.processes
    now = _seconds(table, current.ticks_per_second)
    return _share(now, previous, find(previous.processes, table.pid, table.start_ticks))


def user_share_of_exits(previous: Sample, current: Sample) -> Floats:
    """Return the same for each exit of a sample; none without exits."""
    exits = current.exits
    if exits is None:
        return np.zeros(0)
    now = as_floats(exits.utime_ns) / 1e9, as_floats(exits.stime_ns) / 1e9
    return _share(now, previous, find(previous.processes, exits.pid, exits.start_ticks))


def children_share(frame: Frame) -> Floats:
    """Return the same for what the children of each row used, as credited to it."""
    table = frame.sample.processes
    return _ratio(as_floats(table.cutime), as_floats(table.cstime), 1.0)


def _share(now: tuple[Floats, Floats], previous: Sample, join: Join) -> Floats:
    before = _seconds(previous.processes, previous.ticks_per_second)
    rows, found = join.row[join.found], join.found
    user, kernel = (
        (values[found] - earlier[rows]).clip(0.0)
        for values, earlier in zip(now, before, strict=True)
    )
    share = _ratio(*now, 1.0)
    share[found] = _ratio(user, kernel, share[found])
    return share


def _seconds(table: ProcessTable, hertz: int) -> tuple[Floats, Floats]:
    return as_floats(table.utime) / hertz, as_floats(table.stime) / hertz


def _ratio(user: Floats, kernel: Floats, otherwise: Floats | float) -> Floats:
    """Return the share of the first in both; `otherwise` where that is not known."""
    both = user + kernel
    is_known = both > 0
    return np.where(is_known, user / np.where(is_known, both, 1.0), otherwise)

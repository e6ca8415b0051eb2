"""What a row of a list stands for: the extra column `kind` says it."""

from enum import IntEnum

import numpy as np

from montauk_tui.engine.extra_cells import extra_value
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats


class RowKind(IntEnum):
    """What a row is; a living process or thread need not say so."""

    PROCESS = 0
    THREAD = 1
    EXITED = 2
    EXITED_GROUP = 3
    """Many that ended, of one name and behind one living process."""
    ORPHANS_PARENT = 4
    """One that ended, above its children that live on."""
    EVENT = 5
    """A fork, an exec or an end; the process may live."""
    GROUP = 6
    """All that ran a program or that were in a cgroup, alive or not."""


def all_of(kind: RowKind, count: int) -> Floats:
    """Return the column `kind` of rows that are all the same."""
    return np.full(count, float(kind))


def kind_of(frame: Frame, row: int) -> RowKind:
    """Return what a row of a list stands for."""
    kind = extra_value(frame, "kind", row)
    if not np.isnan(kind):
        return RowKind(int(kind))
    table = frame.sample.processes
    is_process = table.pid[row] == table.tgid[row]
    return RowKind.PROCESS if is_process else RowKind.THREAD

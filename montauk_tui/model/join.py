"""Which row of one table is the same process in another."""

from typing import NamedTuple

import numpy as np

from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Bools, Ints


class Join(NamedTuple):
    """For each row of the later table, its process in the earlier one."""

    row: Ints
    """Row in the earlier table; meaningless where `found` is false."""
    found: Bools


def same_process(earlier: ProcessTable, later: ProcessTable) -> Join:
    """Join two tables by identity, so that a reused pid finds nothing."""
    if not len(earlier):
        zeros = np.zeros(len(later), dtype=np.int64)
        return Join(zeros, zeros.astype(np.bool_))
    row = np.searchsorted(earlier.pid, later.pid).clip(max=len(earlier) - 1)
    found = (earlier.pid[row] == later.pid) & (
        earlier.start_ticks[row] == later.start_ticks
    )
    return Join(row, found)

"""Joins of tables: the row of each process in another table."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Bools, Ints


class Join(NamedTuple):
    """For each row of the later table, its process in the earlier one."""

    row: Ints
    """Row in the earlier table; meaningless where `found` is false."""
    found: Bools


def distinct(numbers: Ints) -> Ints:
    """Return each number once, ascending; np.unique() loads numpy.ma: 2 MiB."""
    ordered: Ints = np.sort(numbers)
    is_new = np.ones(len(ordered), dtype=np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_new]


def same_process(earlier: ProcessTable, later: ProcessTable) -> Join:
    """Join two tables by identity, so that a reused pid finds nothing."""
    return find(earlier, later.pid, later.start_ticks)


def find(table: ProcessTable, pid: Ints, start_ticks: Ints) -> Join:
    """Return the row of each identity in a table."""
    if len(pid) == len(table):
        # Most often nothing has started or exited.
        same: Bools = (table.pid == pid) & (table.start_ticks == start_ticks)
        if same.all():
            return Join(np.arange(len(pid)), same)
    row, found = by_pid(table.pid, pid)
    if len(table):
        found &= table.start_ticks[row] == start_ticks
    return Join(row, found)


def is_in(numbers: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> Bools:
    """Tell which numbers are among others, in any order.

    As np.isin, which imports numpy.ma: 10 ms of a start.
    """
    return by_pid(np.sort(wanted), numbers).found


def by_pid(table_pids: npt.NDArray[Any], pids: npt.NDArray[Any]) -> Join:
    """Return the row of each pid, or other number, in ascending `table_pids`."""
    if not len(table_pids):
        zeros = np.zeros(len(pids), dtype=np.int64)
        return Join(zeros, zeros.astype(np.bool_))
    row = np.minimum(table_pids.searchsorted(pids), len(table_pids) - 1)
    return Join(row, table_pids[row] == pids)

"""How long the threads of a process waited for a CPU, exited threads included.

The kernel keeps no sum of it for exited threads (__exit_signal in kernel/exit.c), so
the last value seen of each thread is kept here.
"""

from typing import NamedTuple

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import int_columns
from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Ints


class _Seen(NamedTuple):
    """The threads of a snapshot, ascending by pid."""

    pid: Ints
    tgid: Ints
    start_ns: Ints
    delay_ns: Ints
    exited_ns: Ints
    """In the row of a leader: how long its exited threads had waited."""


class RunDelay:
    """Adds the run delay of exited threads to their processes."""

    def __init__(self) -> None:
        """Start without a snapshot."""
        self._before: _Seen | None = None

    def added(self, table: ProcessTable, tasks: Records) -> ProcessTable:
        """Return `table`, made of `tasks`, with the run delay of exited threads."""
        now = _seen(tasks)
        if self._before is not None:
            _carry(self._before, now)
        self._before = now
        row, found = by_pid(now.pid, table.pid)
        exited_ns = np.where(found & table.is_process, now.exited_ns[row], 0)
        return table.with_columns({"run_delay_ns": table.run_delay_ns + exited_ns})


def _seen(tasks: Records) -> _Seen:
    names = ("pid", "tgid", "start_ns", "run_delay_ns")
    pid, tgid, start_ns, delay_ns = int_columns(tasks, names).values()
    nothing = np.zeros(len(tasks), dtype=np.int64)
    return _Seen(pid, tgid, start_ns, delay_ns, nothing)


def _carry(before: _Seen, now: _Seen) -> None:
    """Fill in `now.exited_ns` from the snapshot before."""
    row, found = by_pid(now.pid, before.pid)
    is_alive = found & (now.start_ns[row] == before.start_ns)
    now.exited_ns[row[is_alive]] = before.exited_ns[is_alive]
    leader, is_known = by_pid(before.pid, before.tgid)
    has_exited = ~is_alive & is_known & is_alive[leader]
    np.add.at(now.exited_ns, row[leader][has_exited], before.delay_ns[has_exited])

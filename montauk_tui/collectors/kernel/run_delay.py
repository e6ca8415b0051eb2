"""How long the threads of a process waited for a CPU, those included that ended.

The kernel keeps no sum of it for threads that ended (__exit_signal in kernel/exit.c):
what each had waited when it was seen last is kept here.
"""

from typing import NamedTuple

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Ints


class _Seen(NamedTuple):
    """The threads of a snapshot, ascending by pid."""

    pid: Ints
    tgid: Ints
    start_ns: Ints
    delay_ns: Ints
    ended_ns: Ints
    """In the row of a leader: what the threads that ended had waited."""


class Waits:
    """Adds what the threads that ended had waited to their processes."""

    def __init__(self) -> None:
        """Begin with nobody seen."""
        self._before: _Seen | None = None

    def forget(self) -> None:
        """Begin anew: what ends unseen is not known."""
        self._before = None

    def added(self, table: ProcessTable, tasks: Records) -> ProcessTable:
        """Return `table`, made of `tasks`, with the waits of threads that ended."""
        now = _seen(tasks)
        if self._before is not None:
            _carry(self._before, now)
        self._before = now
        row, found = by_pid(now.pid, table.pid)
        ended_ns = np.where(found & table.is_process, now.ended_ns[row], 0)
        return table.with_columns({"run_delay_ns": table.run_delay_ns + ended_ns})


def _seen(tasks: Records) -> _Seen:
    names = ("pid", "tgid", "start_ns", "run_delay_ns")
    pid, tgid, start_ns, delay_ns = (tasks[name].astype(np.int64) for name in names)
    nothing = np.zeros(len(tasks), dtype=np.int64)
    return _Seen(pid, tgid, start_ns, delay_ns, nothing)


def _carry(before: _Seen, now: _Seen) -> None:
    """Fill in `now.ended_ns` from what was seen before."""
    row, found = by_pid(now.pid, before.pid)
    lives = found & (now.start_ns[row] == before.start_ns)
    now.ended_ns[row[lives]] = before.ended_ns[lives]
    leader, is_known = by_pid(before.pid, before.tgid)
    gone = ~lives & is_known & lives[leader]
    np.add.at(now.ended_ns, row[leader][gone], before.delay_ns[gone])

"""Resident memory as exactly as /proc has it.

Each CPU keeps back up to max(32, 2 x CPUs) pages of each kind (lib/percpu_counter.c).
/proc/PID/stat leaves them out; /proc/PID/statm adds them up from Linux 6.17 on, and in
some older series (task_statm in fs/proc/task_mmu.c).
"""

from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.join import Join, by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Ints, Need

_SIGNS: Final = ("minflt", "majflt", "virt_bytes", "utime", "stime")
"""Columns, beside the inexact size, one of which changes with the memory."""
_ROUNDS: Final = 8
"""The file of every process is read again once in so many samples, in any case."""
_TRY_AGAIN: Final = 64
"""Samples until statm is tried again on a kernel where it was the same as stat."""


class Resident:
    """Reads statm of the processes whose memory may have changed since the last call.

    Hot path: 8 us a file. A sleeping process costs an eighth of one.
    """

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        self._sample = -1
        self._is_exact = True
        self._before = ProcessTable.empty()
        self._rss: Ints = np.empty(0, dtype=np.int64)
        self._shared: Ints = np.empty(0, dtype=np.int64)

    def __call__(self, rows: Rows) -> dict[str, Ints]:
        """Return `rss_bytes`, and `shared_bytes` if the file that has both was read."""
        table, join, with_shared = rows.table, rows.join, Need.SHARED in rows.needs
        self._sample += 1
        rss = table.rss_bytes.copy()
        shared = np.full(len(table), UNKNOWN, dtype=np.int64)
        is_asked = self._is_exact or self._sample % _TRY_AGAIN == 0
        due = table.is_process & ~table.is_kernel if is_asked or with_shared else None
        if due is not None:
            kept = self._kept(table, join) & due
            row = join.row[kept]
            rss[kept], shared[kept] = self._rss[row], self._shared[row]
            unread = np.flatnonzero(due & ~kept)
            self._read(table, unread, rss, shared)
            self._is_exact = bool(np.any(rss != table.rss_bytes))
        self._before, self._rss, self._shared = table, rss, shared
        # The threads of a process share its memory.
        process, found = by_pid(table.pid, table.tgid)
        columns = {"rss_bytes": np.where(found, rss[process], table.rss_bytes)}
        if due is not None:
            shared = np.where(found, shared[process], UNKNOWN)
            columns["shared_bytes"] = np.where(table.is_kernel, 0, shared)
        return columns

    def _kept(self, table: ProcessTable, join: Join) -> Bools:
        """Return which processes have the same memory as when it was read last."""
        kept: Bools = join.found & (table.pid % _ROUNDS != self._sample % _ROUNDS)
        if not kept.any():
            return kept
        row = join.row[kept]
        same = self._shared[row] != UNKNOWN
        for name in (*_SIGNS, "rss_bytes"):
            same &= getattr(table, name)[kept] == getattr(self._before, name)[row]
        kept[kept] = same
        return kept

    def _read(self, table: ProcessTable, rows: Ints, rss: Ints, shared: Ints) -> None:
        """Write the sizes of statm for the processes in `rows` into two columns."""
        read = self._root.resident
        for row, pid in zip(rows.tolist(), table.pid[rows].tolist(), strict=True):
            try:
                rss[row], shared[row] = read(pid)
            except OSError:
                # It has exited: the last known value stays.
                shared[row] = UNKNOWN

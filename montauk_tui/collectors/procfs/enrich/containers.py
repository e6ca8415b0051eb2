"""Which processes are in containers: those in an inner pid namespace.

A process has a pid in each namespace from the one that /proc shows to its own, all of
them in the line `NSpid` of its status file, which everybody may read
(proc_pid_status(5), Linux 4.1). No process changes its pid namespace.
"""

import re
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.join import same_process
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Ints

_PIDS: Final = re.compile(rb"^NSpid:((?:\s+\d+)+)$", re.MULTILINE)


class Containers:
    """Reads one file of each process, once."""

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        self._last = ProcessTable.empty()

    def __call__(self, rows: Rows) -> dict[str, Ints]:
        """Return the column `in_container`."""
        table = rows.table
        flags = np.full(len(table), UNKNOWN, dtype=np.int64)
        join = same_process(self._last, table)
        flags[join.found] = self._last.in_container[join.row[join.found]]
        # Kernel threads are in no namespace but the first.
        flags[table.is_kernel] = 0
        for row in np.flatnonzero(flags == UNKNOWN).tolist():
            flags[row] = self._flag(int(table.pid[row]))
        self._last = table.with_columns({"in_container": flags})
        return {"in_container": flags}

    def _flag(self, pid: int) -> int:
        try:
            found = _PIDS.search(self._root.read(f"{pid}/status", 4096))
        except OSError:
            return UNKNOWN
        return UNKNOWN if found is None else int(len(found[1].split()) > 1)

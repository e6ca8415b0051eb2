"""The owner of a process: its effective user."""

from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.schema import UNKNOWN, Ints

_ROUNDS: Final = 8
"""An owner changes without a trace in the stat file (setuid(2)): every process's is
read again once in so many samples."""


class Owners:
    """Reads the owner of the folder of each process, in turns."""

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        self._round = 0

    def __call__(self, rows: Rows) -> dict[str, Ints]:
        """Return the column `uid`."""
        self._round = (self._round + 1) % _ROUNDS
        table, join = rows.table, rows.join
        owners = np.full(len(table), UNKNOWN, dtype=np.int64)
        owners[join.found] = rows.last.uid[join.row[join.found]]
        due = rows.changed | ~join.found | (table.tgid % _ROUNDS == self._round)
        rows_due = np.flatnonzero(due | (owners == UNKNOWN))
        # The threads of a process share its folder.
        tgids = table.tgid[rows_due].tolist()
        read = {tgid: self._owner(tgid) for tgid in dict.fromkeys(tgids)}
        owners[rows_due] = [read[tgid] for tgid in tgids]
        return {"uid": owners}

    def _owner(self, pid: int) -> int:
        try:
            return self._root.owner(pid)
        except OSError:
            return UNKNOWN

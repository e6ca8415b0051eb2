"""The threads of processes, listed again only where others than before may exist."""

import numpy as np

from montauk_tui.collectors.procfs.scan import STAT_BYTES, ProcRoot, is_shortage
from montauk_tui.collectors.procfs.stat import KnownStats, RawStat, parse_stats
from montauk_tui.collectors.procfs.stat_files import StatFiles
from montauk_tui.model.join import by_pid, distinct
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Bools, Ints

_NO_IDS: Ints = np.empty(0, dtype=np.int64)


class ThreadTable:
    """Reads one stat file per thread and sample, and the folders of some processes.

    The kernel says how many threads a process has. A folder is listed if that is not
    the number of those that are known, or if one of them has exited.
    """

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        self._files = StatFiles(root)
        self._stats = KnownStats()
        self._tids, self._tgids = _NO_IDS, _NO_IDS

    def read(self, processes: ProcessTable) -> ProcessTable:
        """Return the threads but the leaders.

        Raises:
            OSError: They cannot be read because something is short.
        """
        self._list(*_with_threads(processes))
        tids, tgids = self._tids, self._tgids
        texts = self._files.read(
            tids, lambda row: f"{tgids[row]}/task/{tids[row]}/stat"
        )
        table = self._stats.table(texts, tgids)
        if texts.found.all():
            return table
        self._keep(texts.found)
        late = self._late(distinct(tgids[~texts.found]))
        # One may have got the id of a thread that was read before.
        return table.merged(late.only(~np.isin(late.pid, table.pid)))

    def close(self) -> None:
        """Close the files that are kept open, and forget all threads."""
        self._files.close()
        self._stats = KnownStats()
        self._tids, self._tgids = _NO_IDS, _NO_IDS

    def _list(self, pids: Ints, others: Ints) -> None:
        """List the threads of processes that have another number of them than known.

        Args:
            pids: The processes that have more threads than one, ascending.
            others: How many more.
        """
        process, found = by_pid(pids, self._tgids)
        known = np.bincount(process[found], minlength=len(pids))
        is_same = known == others
        if len(pids):
            found &= is_same[process]
        self._keep(found)
        _, former = self._add(pids[~is_same])
        self._add(former)

    def _late(self, pids: Ints) -> ProcessTable:
        """Return the threads of processes that have replaced exited ones."""
        raw: list[RawStat] = []
        for tid, pid in self._add(pids)[0].items():
            try:
                path = f"{pid}/task/{tid}/stat"
                raw.append((pid, self._root.read(path, STAT_BYTES)))
            except OSError as error:
                if is_shortage(error):
                    raise
        return parse_stats(raw)

    def _keep(self, rows: Bools) -> None:
        self._tids, self._tgids = self._tids[rows], self._tgids[rows]

    def _add(self, pids: Ints) -> tuple[dict[int, int], Ints]:
        """List the threads of processes.

        Returns:
            The process of each thread that was not known; and the processes that were
            known to have one of them, whose threads have been replaced.
        """
        listed = self._root.threads(pids.tolist())
        for tid in self._tids[np.isin(self._tgids, pids)].tolist():
            listed.pop(tid, None)
        if not listed:
            return listed, _NO_IDS
        added = np.fromiter(listed, np.int64, len(listed))
        owners = np.fromiter(listed.values(), np.int64, len(listed))
        is_taken = np.isin(self._tids, added)
        former = distinct(self._tgids[is_taken])
        self._keep(~is_taken)
        tids = np.concatenate([self._tids, added])
        order = np.argsort(tids)
        self._tids = tids[order]
        self._tgids = np.concatenate([self._tgids, owners])[order]
        return listed, former


def _with_threads(table: ProcessTable) -> tuple[Ints, Ints]:
    """Return the processes that have more threads than one, and how many more."""
    rows = np.flatnonzero(table.threads > 1)
    return table.pid[rows], table.threads[rows] - 1

"""The live processes as a table, read again at every sample."""

from collections.abc import Sequence

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stand_ins import with_stand_ins
from montauk_tui.collectors.procfs.stat import KnownStats
from montauk_tui.collectors.procfs.stat_files import StatFiles
from montauk_tui.collectors.procfs.threads import ThreadTable
from montauk_tui.model.join import distinct, is_in
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Ints, Need


class LiveTable:
    """Reads one stat file per process and sample, and expensive files if needed."""

    def __init__(self, root: ProcRoot, lookups: ProcLookups) -> None:
        """Read below `root`; pass the table to `lookups`."""
        self._root = root
        self._lookups = lookups
        self._enrichment = Enrichment(root)
        self._names: list[str] = []
        self._pids: Ints = np.empty(0, dtype=np.int64)
        self._files = StatFiles(root)
        self._threads = ThreadTable(root)
        self._stats = KnownStats()
        self.last = ProcessTable.empty()
        """The last table."""

    def read(self, pids: Sequence[str], needs: Need) -> ProcessTable:
        """Return the processes among `pids` that exist."""
        table = self._processes(pids)
        if Need.THREADS in needs:
            threads = self._threads.read(table)
            # A process may have got the id of a thread that exited meanwhile.
            again = is_in(threads.pid, table.pid)
            table = table.merged(threads.only(~again) if again.any() else threads)
        else:
            self._threads.close()
        table = with_stand_ins(self._root, table)
        rows = Rows(table, self.last, needs)
        self.last = self._enrichment.enriched(rows)
        self._lookups.next_sample(self.last, table.pairs(rows.changed))
        return self.last

    def _processes(self, names: Sequence[str]) -> ProcessTable:
        if names != self._names:
            self._names = list(names)
            self._pids = distinct(np.array(list(map(int, names)), dtype=np.int64))
        pids = self._pids.tolist()
        texts = self._files.read(self._pids, lambda row: f"{pids[row]}/stat")
        return self._stats.table(texts)

    def close(self) -> None:
        """Close the files that are kept open."""
        self._files.close()
        self._threads.close()

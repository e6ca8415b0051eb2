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
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Need


class LiveTable:
    """Reads one stat file per process and sample, and expensive files if needed."""

    def __init__(self, root: ProcRoot, lookups: ProcLookups) -> None:
        """Read below `root`; pass the table to `lookups`."""
        self._root = root
        self._lookups = lookups
        self._enrichment = Enrichment(root)
        self._files = StatFiles(root)
        self._stats, self._thread_stats = KnownStats(), KnownStats()
        self.last = ProcessTable.empty()
        """The last table."""

    def read(self, pids: Sequence[str], needs: Need) -> ProcessTable:
        """Return the processes among `pids` that exist."""
        table = self._stats.table(self._files.read(pids))
        if Need.THREADS in needs:
            with_threads = table.pid[table.threads > 1].tolist()
            files = dict(self._root.thread_stats(with_threads))
            threads = self._thread_stats.table(files)
            # A process may have got the id of a thread that exited meanwhile.
            again = np.isin(threads.pid, table.pid)
            table = table.merged(threads.only(~again) if again.any() else threads)
        table = with_stand_ins(self._root, table)
        rows = Rows(table, self.last, needs)
        self.last = self._enrichment.enriched(rows)
        changed = np.flatnonzero(rows.changed).tolist()
        self._lookups.next_sample(self.last, map(table.identity, changed))
        return self.last

    def close(self) -> None:
        """Close the files that are kept open."""
        self._files.close()

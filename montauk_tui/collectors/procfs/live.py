"""The live processes as a table, read again at every sample."""

import itertools
from collections.abc import Sequence

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stand_ins import with_stand_ins
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Need


class LiveTable:
    """Reads one stat file per process and sample, and expensive files if needed."""

    def __init__(self, root: ProcRoot, lookups: ProcLookups) -> None:
        """Read below `root`; pass the table to `lookups`."""
        self._root = root
        self._lookups = lookups
        self._enrichment = Enrichment(root)
        self.last = ProcessTable.empty()
        """The last table."""

    def read(self, pids: Sequence[str], needs: Need) -> ProcessTable:
        """Return the processes among `pids` that exist."""
        raw = list(self._root.stats(pids))
        table = parse_stats(raw)
        if Need.THREADS in needs:
            with_threads = table.pid[table.threads > 1].tolist()
            more = self._root.thread_stats(with_threads)
            table = parse_stats(itertools.chain(raw, more))
        table = with_stand_ins(self._root, table)
        rows = Rows(table, self.last, needs)
        self.last = self._enrichment.enriched(rows)
        changed = np.flatnonzero(rows.changed).tolist()
        self._lookups.next_sample(self.last, map(table.identity, changed))
        return self.last

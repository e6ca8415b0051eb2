"""Processes that /proc lists and the task iterator leaves out.

A kernel may hide a process from BPF (a hardened sandbox hides its init). Every 32
samples /proc is listed for such processes, which are then read from there.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.counters import COUNTERS_OF_FILES
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.enrich.listed import ENRICHERS
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.join import find
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Need

_CHECK_SAMPLES: Final = 32
_SURELY_OLDER_S: Final = 1.0
"""Younger ones may have started after the snapshot."""

_OTHERS: Final = frozenset(it for row in ENRICHERS for it in row.fields) - frozenset(
    it for row in COUNTERS_OF_FILES for it in row.fields
)
"""Columns that are no counters in files."""


class HiddenFromBpf:
    """Finds them and reads them."""

    def __init__(self, root: ProcRoot, user_hz: int) -> None:
        """Compare with the folder `root`."""
        self._root, self._user_hz = root, user_hz
        self._counters = Enrichment(root, has=_OTHERS)
        self._samples = 0
        self._pids: list[str] = []

    def rows(
        self, table: ProcessTable, boot_s: float, needs: Need = Need.NONE
    ) -> ProcessTable:
        """Return a row for each process that the snapshot `table` lacks.

        Args:
            table: The snapshot.
            boot_s: CLOCK_BOOTTIME before it.
            needs: The counters to read; each costs another file.
        """
        if self._samples % _CHECK_SAMPLES == 0:
            known = set(map(str, table.pid.tolist()))
            self._pids = [pid for pid in self._root.pids() if pid not in known]
        self._samples += 1
        if not self._pids:
            return ProcessTable.empty()
        found = parse_stats(self._root.stats(self._pids))
        latest = (boot_s - _SURELY_OLDER_S) * self._user_hz
        is_row = find(table, found.pid, found.start_ticks).found
        old = (found.start_ticks < latest) & ~is_row
        self._pids = [str(pid) for pid in found.pid[old].tolist()]
        found = self._completed(found if old.all() else found.only(old))
        return self._counters.enriched(Rows(found, ProcessTable.empty(), needs))

    def _completed(self, table: ProcessTable) -> ProcessTable:
        """Return the processes with their owners and exact memory, in nanoseconds.

        So few rows are read faster one by one than as columns.
        """
        uid, shared = ([UNKNOWN] * len(table) for _ in range(2))
        rss = table.rss_bytes.tolist()
        for row, pid in enumerate(table.pid.tolist()):
            # It may exit meanwhile.
            with suppress(OSError):
                uid[row] = self._root.owner(pid)
                rss[row], shared[row] = self._root.resident(pid)
        tick_ns = 10**9 // self._user_hz
        columns = {
            name: getattr(table, name) * tick_ns
            for name in ("utime", "stime", "cutime", "cstime")
        }
        numbers = {"uid": uid, "rss_bytes": rss, "shared_bytes": shared}
        columns |= {name: np.array(its, np.int64) for name, its in numbers.items()}
        return table.with_columns(columns)

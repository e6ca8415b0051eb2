"""Processes that /proc lists and the task iterator leaves out.

A kernel may hide a process from BPF (a hardened sandbox hides its init). Every 32
samples /proc is listed for such processes, which are then read from there.
"""

from typing import Final

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.join import find
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Need

_CHECK_SAMPLES: Final = 32
_SURELY_OLDER_S: Final = 1.0
"""Younger ones may have started after the snapshot."""


class HiddenFromBpf:
    """Finds them and reads them."""

    def __init__(self, root: ProcRoot, user_hz: int) -> None:
        """Compare with the folder `root`."""
        self._root, self._user_hz = root, user_hz
        self._enrichment = Enrichment(root, has={"in_container"})
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
        found = found if old.all() else found.only(old)
        # So few rows are read faster than they are joined with the previous sample.
        rows = Rows(found, ProcessTable.empty(), needs | Need.SHARED)
        return self._in_nanoseconds(self._enrichment.enriched(rows))

    def _in_nanoseconds(self, table: ProcessTable) -> ProcessTable:
        tick_ns = 10**9 // self._user_hz
        columns = {
            name: getattr(table, name) * tick_ns
            for name in ("utime", "stime", "cutime", "cstime")
        }
        return table.with_columns(columns)

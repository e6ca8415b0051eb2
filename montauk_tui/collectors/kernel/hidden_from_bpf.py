"""Processes that /proc lists and the task iterator leaves out.

A kernel may hide a process from BPF (a hardened sandbox hides its init). What is
missing is looked for now and then, and read from /proc: every process is a row.
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


class Unseen:
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
        """Return a row of each process that is missing in the snapshot `table`.

        Args:
            table: The snapshot.
            boot_s: CLOCK_BOOTTIME before it.
            needs: The counters to read, each a file more.
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
        # They are few: to compare them with those before costs more than to read them.
        rows = Rows(found, ProcessTable.empty(), needs | Need.SHARED)
        return self._in_nanoseconds(self._enrichment.enriched(rows))

    def _in_nanoseconds(self, table: ProcessTable) -> ProcessTable:
        tick_ns = 10**9 // self._user_hz
        columns = {
            name: getattr(table, name) * tick_ns
            for name in ("utime", "stime", "cutime", "cstime")
        }
        return table.with_columns(columns)

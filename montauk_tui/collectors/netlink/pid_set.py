"""The PIDs of the processes, from fork events instead of listing /proc."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from montauk_tui.collectors.netlink.connector import Events
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import ProcessTable

_CHECK_SAMPLES: Final = 32
_SURELY_OLDER_S: Final = 1.0
"""The fork event of a younger process may not have arrived yet."""


class PidSet:
    """The PIDs of the last table and of forks since; /proc is listed after a loss."""

    def __init__(self, root: ProcRoot, user_hz: int) -> None:
        """Start empty."""
        self._root = root
        self._user_hz = user_hz
        self._samples = 0
        self._lost = 0
        self._unexpected: frozenset[str] = frozenset()
        self._later: dict[int, bool] = {}
        """PIDs to read next time that are no row now, and whether for the last time."""
        self.missed = 0
        """Processes without a fork event, found by listing."""

    def pids(self, last: ProcessTable, forks: Events, lost: int) -> list[str]:
        """Return the pids to read now.

        Args:
            last: The previous table.
            forks: The forks up to now; later ones are passed to `keep`.
            lost: Forks that were lost so far.

        Raises:
            OSError: /proc cannot be listed.
        """
        known = dict.fromkeys(map(str, last.pid[last.is_process].tolist()))
        known |= dict.fromkeys(map(str, self._later))
        known |= dict.fromkeys(map(str, forks["pid"].tolist()))
        is_first, is_after_loss = not self._samples, lost != self._lost
        is_check = self._samples % _CHECK_SAMPLES == 0
        self._samples += 1
        self._lost = lost
        self._unexpected = frozenset()
        if not (is_check or is_after_loss):
            return list(known)
        listed = self._root.pids()
        if not (is_first or is_after_loss):
            self._unexpected = frozenset(listed) - known.keys()
        return list(known | dict.fromkeys(listed))

    def keep(
        self, asked: Iterable[str], table: ProcessTable, forks: Events, exits: Events
    ) -> None:
        """Keep the PIDs that must be read next time though they are no row now.

        Args:
            asked: The pids that were read.
            table: The rows that were read.
            forks: The forks since the pids were chosen.
            exits: All exits reported up to now.
        """
        # A read may fail although the process is alive, as when descriptors run out;
        # an exit may be lost.
        unread = set(map(int, asked)) - set(table.pid.tolist())
        again = unread - set(exits["pid"].tolist())
        last_try = {pid for pid, is_last in self._later.items() if is_last}
        self._later = dict.fromkeys(again - last_try, True)
        exit_ns = dict(
            zip(exits["pid"].tolist(), exits["time_ns"].tolist(), strict=True)
        )
        for pid, time_ns in zip(
            forks["pid"].tolist(), forks["time_ns"].tolist(), strict=True
        ):
            if exit_ns.get(pid, 0) <= time_ns:
                self._later[pid] = False

    def check(self, table: ProcessTable, boot_s: float) -> None:
        """Count the rows that no event reported.

        Args:
            table: The rows read for these pids.
            boot_s: CLOCK_BOOTTIME before that.
        """
        if not self._unexpected:
            return
        pids = np.array(list(map(int, self._unexpected)))
        latest = (boot_s - _SURELY_OLDER_S) * self._user_hz
        old = np.isin(table.pid, pids) & (table.start_ticks < latest)
        self.missed += int(np.count_nonzero(old))

"""The traditional collector: /proc only, no privilege, always available."""

import os
from typing import ClassVar

import numpy as np

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.clock import USER_HZ, SampleClock
from montauk_tui.collectors.procfs.charged import Charged
from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.collectors.procfs.live import LiveTable
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model import own_proc
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import Need


class TraditionalCollector(Collector):
    """Reads one stat file per process and sample, and expensive files if needed.

    It sees the processes that are alive at the sample; it misses those that start and
    exit between two samples.
    """

    name: ClassVar[str] = "traditional"
    lookups: ProcLookups

    def __init__(self, root: str = "/proc") -> None:
        """Read below `root`."""
        self._path = root
        self._root: ProcRoot | None = None
        self._users = UserNames()
        self._clock = SampleClock()

    @property
    def detail(self) -> str:
        """The folder that is read, and whether it can only be read."""
        if self._path == "/proc" and own_proc.is_foreign():
            return f"{self._path} of another PID namespace, to read only"
        return self._path

    def availability(self) -> Availability:
        """Tell whether the folder holds a /proc."""
        if os.access(f"{self._path}/stat", os.R_OK):
            return Availability(available=True)
        remedy = f"mount it: mount -t proc proc {self._path}"
        return Availability(
            available=False, reason=f"no {self._path}/stat", remedy=remedy
        )

    def open(self) -> None:
        """Open the folder.

        Raises:
            CollectorUnavailable: It is not there.
        """
        self.close()
        try:
            self._root = ProcRoot(self._path)
        except OSError as error:
            reason = f"cannot open {self._path}: {error.strerror}"
            remedy = f"mount it: mount -t proc proc {self._path}"
            raise CollectorUnavailable(reason, remedy) from error
        self.lookups = ProcLookups(self._root, self._users)
        self._live = LiveTable(self._root, self.lookups)
        self._host = HostReader(
            self._root.read_kept, self._root.read_lists, charged=self._charged()
        )

    def _charged(self) -> Charged | None:
        """Return the reader of time charged to tasks, if /proc is of this machine."""
        is_ours = self._path == "/proc" and not own_proc.is_foreign()
        return Charged() if is_ours else None

    def close(self) -> None:
        """Release the folder; harmless when closed already."""
        if self._root is not None:
            self._live.close()
            self._root.close_kept()
        self._root = None
        self._users.close()

    def sample(self, needs: Need) -> Sample:
        """Return the processes and the host as they are now.

        Raises:
            CollectorFailed: /proc is not mounted or has another format.
        """
        if self._root is None:
            reason = "the traditional collector is not open"
            raise CollectorFailed(reason)
        started = self._clock.start()
        try:
            # After the clocks: what starts in between must count as started since.
            pids = self._root.pids()
            table = self._live.read(pids, needs)
            host = self._host.sample(needs)
            self.lookups.read(table, needs)
        except (OSError, ValueError) as error:
            reason = f"{self._path} can no longer be read: {error}"
            raise CollectorFailed(reason) from error
        return Sample(
            ticks_per_second=USER_HZ,
            processes=table,
            host=host,
            counters=Counters(),
            exits=None,
            cgroups=self.lookups.cgroups,
            vanished=len(pids) - int(np.count_nonzero(table.is_process)),
            **started.times(),
        )

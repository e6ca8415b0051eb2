"""The traditional collector: /proc only, no privilege, always there."""

import itertools
import os
import time
from typing import ClassVar, Final

import numpy as np

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.clock import BootClock
from montauk_tui.collectors.procfs.host import read_host
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.collectors.users import UserNames
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model.join import Join, same_process
from montauk_tui.model.sample import Counters, ProcessTable, Sample
from montauk_tui.model.schema import UNKNOWN, Bools, Ints, Need

_OWNER_ROUNDS: Final = 8
"""An owner changes without a trace in the stat file (setuid(2)): every process's is
read again once in so many samples."""


class TraditionalCollector(Collector):
    """Reads one stat file per process and sample, and costly files as asked.

    It sees what is alive at the moment of the sample; of what came and went between
    two samples it sees nothing.
    """

    name: ClassVar[str] = "traditional"
    lookups: ProcLookups

    def __init__(self, root: str = "/proc") -> None:
        """Read below `root`."""
        self._path = root
        self._root: ProcRoot | None = None
        self._users = UserNames()
        self._previous = ProcessTable.empty()
        self._round = 0
        self._boot_clock = BootClock()

    @property
    def detail(self) -> str:
        """The folder that is read."""
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
        self._previous = ProcessTable.empty()

    def close(self) -> None:
        """Close the folder."""
        if self._root is not None:
            self._root.close()
            self._root = None
        self._users.close()

    def sample(self, needs: Need) -> Sample:
        """Return the processes and the host as they are now.

        Raises:
            CollectorFailed: /proc is gone or is not what it should be.
        """
        if self._root is None:
            reason = "the traditional collector is not open"
            raise CollectorFailed(reason)
        started = time.thread_time()
        try:
            host = read_host(self._root.read)
            time_s, boot_s = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
            monotonic_s = time.monotonic()
            # After the clocks: what starts in between must count as started since.
            pids = self._root.pids()
            table = self._read_table(self._root, pids, needs)
        except (OSError, ValueError) as error:
            reason = f"{self._path} can no longer be read: {error}"
            raise CollectorFailed(reason) from error
        return Sample(
            time_s=time_s,
            monotonic_s=monotonic_s,
            boot_s=boot_s,
            booted_at_s=self._boot_clock.booted_at_s(time_s, boot_s),
            ticks_per_second=os.sysconf("SC_CLK_TCK"),
            user_hz=os.sysconf("SC_CLK_TCK"),
            processes=table,
            host=host,
            counters=Counters(),
            exits=None,
            vanished=len(pids) - int(np.count_nonzero(table.is_process)),
            collect_cpu_s=time.thread_time() - started,
        )

    def _read_table(self, root: ProcRoot, pids: list[str], needs: Need) -> ProcessTable:
        raw = list(root.stats(pids))
        table = parse_stats(raw)
        if Need.THREADS in needs:
            with_threads = table.pid[table.threads > 1].tolist()
            table = parse_stats(itertools.chain(raw, root.thread_stats(with_threads)))
        join = same_process(self._previous, table)
        changed = _runs_another_program(self._previous, table, join)
        self.lookups.forget(map(table.identity, np.flatnonzero(changed).tolist()))
        self.lookups.next_sample(table)
        columns = {"uid": self._owners(root, table, join, changed)}
        if Need.SHARED in needs:
            columns["shared_bytes"] = _shared_bytes(root, table)
        self._users.prepare(set(columns["uid"].tolist()))
        self._previous = table.with_columns(columns)
        if Need.CMDLINE in needs:
            self.lookups.read_commands(table)
        return self._previous

    def _owners(
        self, root: ProcRoot, table: ProcessTable, join: Join, changed: Bools
    ) -> Ints:
        self._round = (self._round + 1) % _OWNER_ROUNDS
        owners = np.full(len(table), UNKNOWN, dtype=np.int64)
        owners[join.found] = self._previous.uid[join.row[join.found]]
        due = changed | ~join.found | (table.tgid % _OWNER_ROUNDS == self._round)
        for row in np.flatnonzero(due | (owners == UNKNOWN)).tolist():
            try:
                owners[row] = root.owner(int(table.tgid[row]))
            except OSError:
                owners[row] = UNKNOWN
        return owners


def _runs_another_program(
    earlier: ProcessTable, later: ProcessTable, join: Join
) -> Bools:
    """Return which processes went through an exec, as far as /proc shows it.

    An exec sets a new name and puts the stack elsewhere (the latter is hidden, as 0,
    from those who may not trace the process).
    """
    changed = np.zeros(len(later), dtype=np.bool_)
    row = join.row[join.found]
    changed[join.found] = (earlier.comm[row] != later.comm[join.found]) | (
        earlier.start_stack[row] != later.start_stack[join.found]
    )
    return changed


def _shared_bytes(root: ProcRoot, table: ProcessTable) -> Ints:
    """Return the resident shared memory of each row's process."""
    shared = np.full(len(table), UNKNOWN, dtype=np.int64)
    for row, pid in enumerate(table.tgid.tolist()):
        try:
            shared[row] = int(root.shared_bytes(pid))
        except OSError:
            continue
    return shared

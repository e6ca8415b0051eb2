"""The living processes as a table, read again at every sample."""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.containers import Containers
from montauk_tui.collectors.procfs.counters import read_counters
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.resident import Resident
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stand_ins import with_stand_ins
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.collectors.users import UserNames
from montauk_tui.model.join import Join, same_process
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Ints, Need

_OWNER_ROUNDS: Final = 8
"""An owner changes without a trace in the stat file (setuid(2)): every process's is
read again once in so many samples."""


class LiveTable:
    """One stat file per process and sample, and costly files as asked."""

    def __init__(self, root: ProcRoot, users: UserNames, lookups: ProcLookups) -> None:
        """Read below `root`; tell `lookups` and `users` what is there."""
        self._root = root
        self._users = users
        self._lookups = lookups
        self._containers = Containers(root)
        self._resident = Resident(root)
        self._round = 0
        self.last = ProcessTable.empty()
        """What was read last."""

    def read(self, pids: Sequence[str], needs: Need) -> ProcessTable:
        """Return the processes among `pids` that are there."""
        raw = list(self._root.stats(pids))
        table = parse_stats(raw)
        if Need.THREADS in needs:
            with_threads = table.pid[table.threads > 1].tolist()
            more = self._root.thread_stats(with_threads)
            table = parse_stats(itertools.chain(raw, more))
        table = with_stand_ins(self._root, table)
        join = same_process(self.last, table)
        changed = _runs_another_program(self.last, table, join)
        self._lookups.forget(map(table.identity, np.flatnonzero(changed).tolist()))
        self._lookups.next_sample(table)
        columns = {"uid": self._owners(table, join, changed)}
        with_shared = Need.SHARED in needs
        columns |= self._resident.columns(table, join, with_shared=with_shared)
        columns |= read_counters(self._root, table, needs)
        self._users.prepare(set(columns["uid"].tolist()))
        self.last = table.with_columns(columns)
        if Need.CONTAINERS in needs:
            self.last = self._containers.add_to(self.last)
        if Need.CMDLINE in needs:
            self._lookups.read_commands(table)
        return self.last

    def _owners(self, table: ProcessTable, join: Join, changed: Bools) -> Ints:
        self._round = (self._round + 1) % _OWNER_ROUNDS
        owners = np.full(len(table), UNKNOWN, dtype=np.int64)
        owners[join.found] = self.last.uid[join.row[join.found]]
        due = changed | ~join.found | (table.tgid % _OWNER_ROUNDS == self._round)
        for row in np.flatnonzero(due | (owners == UNKNOWN)).tolist():
            try:
                owners[row] = self._root.owner(int(table.tgid[row]))
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

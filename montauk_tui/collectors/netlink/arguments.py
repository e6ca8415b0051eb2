"""The arguments of processes that may have exited before anybody asks for them."""

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.netlink.exit_joiner import JoinedExits
from montauk_tui.collectors.netlink.reader import Argv, Exec
from montauk_tui.model.join import by_pid
from montauk_tui.model.names import ZOMBIE
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Ints

_MOST: Final = 1 << 16
"""More processes than most machines run at a time."""
_SAME_S: Final = 0.1
"""Without its fork event the start of an exited process is no more exact than this. No
pid is reused so soon."""


class _Kept(NamedTuple):
    raw: bytes
    read_ns: int
    """When it was read after an exec; 0 if it was not read, or comes from a row."""
    since_ns: int
    """Since when the process has had it: its exec, or the start of the row."""


class _Exit(NamedTuple):
    """An exited process to find the arguments of; CLOCK_MONOTONIC, 0 for unknown.

    An unknown start is UNKNOWN.
    """

    pid: int
    time_ns: int
    start_ticks: int
    start_ns: int
    fork_parent: int
    fork_ns: int


class _Settled(NamedTuple):
    """The processes whose arguments are kept, ascending by pid.

    Most processes are: nothing is done for them in a sample.
    """

    pid: Ints
    start_ticks: Ints

    @classmethod
    def none(cls) -> "_Settled":
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    def rows(self, table: ProcessTable, changed: set[int]) -> Bools:
        """Tell which rows are, apart from those of some pids."""
        row, found = by_pid(self.pid, table.pid)
        if len(self.pid):
            found &= self.start_ticks[row] == table.start_ticks
        if changed:
            found &= ~np.isin(table.pid, list(changed))
        return found


class Arguments:
    """Keeps what was read after an exec until the process exits.

    A pid may be reused after a process whose exit was lost: arguments kept from before
    the start of a process are not its own.
    """

    def __init__(self, known: Callable[[Identity], bytes | None], user_hz: int) -> None:
        """Ask `known` for the arguments of processes older than the subscription."""
        self._known = known
        self._tick_ns = 10**9 // user_hz
        self._read: dict[int, _Kept] = {}
        self._settled = _Settled.none()
        self._changed: set[int] = set()
        """The pids for which something else is kept since the last sample."""
        self.missed = 0
        """Processes that exited before their arguments could be read."""

    def add(self, argv: Mapping[Exec, Argv]) -> None:
        """Keep what was read, the last of each process."""
        for (pid, exec_ns), read in argv.items():
            last = self._read.get(pid)
            if last is not None and last.since_ns > exec_ns:
                continue
            # The latest is last, so that the oldest is dropped first.
            self._read.pop(pid, None)
            self._read[pid] = _Kept(*read, exec_ns)
            self._changed.add(pid)
        self._forget(list(islice(self._read, max(0, len(self._read) - _MOST))))

    def _forget(self, pids: Collection[int]) -> None:
        for pid in pids:
            self._read.pop(pid, None)
        self._changed.update(pids)

    def learn(self, table: ProcessTable, offset_ns: int) -> None:
        """Keep the arguments of live processes: a zombie has none to read.

        `offset_ns` is CLOCK_BOOTTIME less CLOCK_MONOTONIC.
        """
        is_candidate = table.is_process & ~table.is_kernel & (table.state != ZOMBIE)
        start_ns = table.start_ticks * self._tick_ns - offset_ns
        settled = is_candidate & self._settled.rows(table, self._changed)
        rows = np.flatnonzero(is_candidate & ~settled)
        every = zip(
            rows.tolist(), table.pairs(rows), start_ns[rows].tolist(), strict=True
        )
        for row, identity, since_ns in every:
            pid = identity[0]
            kept = self._read.get(pid)
            if kept is None or not kept.raw or _is_older(kept, since_ns):
                raw = self._known(Identity(*identity))
                if not raw:
                    continue
                self._read[pid] = _Kept(raw, 0, since_ns)
            settled[row] = True
        self._settled = _Settled(table.pid[settled], table.start_ticks[settled])
        self._changed.clear()

    def of(
        self,
        exits: JoinedExits,
        before: ProcessTable,
        now: ProcessTable,
        offset_ns: int,
    ) -> list[bytes]:
        """Return the arguments of each exited process, empty where unknown.

        Args:
            exits: Processes that exited.
            before: The processes of the previous sample, to find the parents in.
            now: Those of this one.
            offset_ns: CLOCK_BOOTTIME less CLOCK_MONOTONIC.
        """
        start_ns = np.where(
            exits["start_ticks"] == UNKNOWN,
            UNKNOWN,
            exits["start_ticks"] * self._tick_ns - offset_ns,
        )
        names = ("pid", "time_ns", "start_ticks", "fork_parent", "fork_ns")
        pid, time_ns, ticks, parent, fork_ns = (exits[name].tolist() for name in names)
        wanted = map(_Exit, pid, time_ns, ticks, start_ns.tolist(), parent, fork_ns)
        found = [self._of(end, (now, before)) for end in wanted]
        # Last, as a child that exited with its parent inherits the parent's arguments.
        self._forget(pid)
        return found

    def _of(self, end: _Exit, tables: tuple[ProcessTable, ...]) -> bytes:
        read = self._read.get(end.pid)
        if read is None or _is_older(read, end.start_ns):
            # No exec was reported: it runs its parent's program, or is older than us.
            return self._known(Identity(end.pid, end.start_ticks)) or self._inherited(
                end, tables
            )
        if not read.raw or 0 < end.time_ns < read.read_ns:
            self.missed += 1
            return b""
        return read.raw

    def _inherited(self, end: _Exit, tables: tuple[ProcessTable, ...]) -> bytes:
        read = self._read.get(end.fork_parent)
        for table in tables:
            row = table.row_of_pid(end.fork_parent)
            if row is not None:
                start_ns = (table.start_ticks[row] - end.start_ticks) * self._tick_ns
                if read is None or _is_older(read, end.start_ns + int(start_ns)):
                    return self._known(table.identity(row)) or b""
                break
        if read is None:
            return b""
        if read.since_ns > end.fork_ns:
            # The parent has run another program since.
            self.missed += 1
            return b""
        return read.raw


def _is_older(kept: _Kept, start_ns: int) -> bool:
    """Tell whether it predates its process, and so belongs to another."""
    if start_ns == UNKNOWN:
        # A process that was a row has a known start.
        return bool(kept.raw) and not kept.read_ns
    return kept.since_ns < start_ns - int(_SAME_S * 1e9)

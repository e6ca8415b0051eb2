"""The arguments of processes that may be gone when somebody asks for them."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.netlink.exit_joiner import EndArray
from montauk_tui.collectors.netlink.reader import Argv, Exec
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN

_ZOMBIE: Final = ord("Z")
_MOST: Final = 1 << 16
"""More processes than most machines run at a time."""
_SAME_S: Final = 0.1
"""The start of an end is not known more exactly where its fork was not told. No pid is
given away again so soon."""


class _Kept(NamedTuple):
    raw: bytes
    read_ns: int
    """When it had been read after an exec; 0 if it was not, or of a row."""
    since_ns: int
    """When its process had it: at the exec, or at the start of a row."""


class _Life(NamedTuple):
    """What is asked for of an end, times of CLOCK_MONOTONIC, 0 where not known.

    A start that is not known is UNKNOWN.
    """

    pid: int
    time_ns: int
    start_ticks: int
    start_ns: int
    fork_parent: int
    fork_ns: int


class Arguments:
    """Keeps what was read after execs until the process ends.

    A pid may be given away without a word of its last process's end: what was kept
    before a process started is not its own.
    """

    def __init__(self, known: Callable[[Identity], bytes | None], user_hz: int) -> None:
        """Ask `known` for the arguments of those who were there before."""
        self._known = known
        self._tick_ns = 10**9 // user_hz
        self._read: dict[int, _Kept] = {}
        self.missed = 0
        """Processes that ended before their arguments could be read."""

    def add(self, argv: Mapping[Exec, Argv]) -> None:
        """Keep what was read, the last of each process."""
        for (pid, exec_ns), read in argv.items():
            last = self._read.get(pid)
            if last is not None and last.since_ns > exec_ns:
                continue
            # The latest last, so that the oldest is the first to go.
            self._read.pop(pid, None)
            self._read[pid] = _Kept(*read, exec_ns)
        while len(self._read) > _MOST:
            self._read.pop(next(iter(self._read)))

    def learn(self, table: ProcessTable, offset_ns: int) -> None:
        """Keep what is known of the living: as zombies they are asked for in vain.

        `offset_ns` is CLOCK_BOOTTIME less CLOCK_MONOTONIC.
        """
        lives = table.is_process & ~table.is_kernel & (table.state != _ZOMBIE)
        start_ns = table.start_ticks * self._tick_ns - offset_ns
        for row in np.flatnonzero(lives).tolist():
            kept = self._read.get(int(table.pid[row]))
            since_ns = int(start_ns[row])
            if kept is not None and kept.raw and not _is_older(kept, since_ns):
                continue
            if raw := self._known(table.identity(row)):
                self._read[int(table.pid[row])] = _Kept(raw, 0, since_ns)

    def of(
        self, ends: EndArray, before: ProcessTable, now: ProcessTable, offset_ns: int
    ) -> list[bytes]:
        """Return the arguments of each end, empty where nobody knows them.

        Args:
            ends: Processes that ended.
            before: The processes of the previous sample, to find the parents in.
            now: Those of this one.
            offset_ns: CLOCK_BOOTTIME less CLOCK_MONOTONIC.
        """
        start_ns = np.where(
            ends["start_ticks"] == UNKNOWN,
            UNKNOWN,
            ends["start_ticks"] * self._tick_ns - offset_ns,
        )
        names = ("pid", "time_ns", "start_ticks", "fork_parent", "fork_ns")
        pid, time_ns, ticks, parent, fork_ns = (ends[name].tolist() for name in names)
        lives = map(_Life, pid, time_ns, ticks, start_ns.tolist(), parent, fork_ns)
        found = [self._of(life, (now, before)) for life in lives]
        # Only now: a child that ended with its parent has the parent's arguments.
        for gone in pid:
            self._read.pop(gone, None)
        return found

    def _of(self, life: _Life, tables: tuple[ProcessTable, ...]) -> bytes:
        read = self._read.get(life.pid)
        if read is None or _is_older(read, life.start_ns):
            # No exec was told: it ran what its parent ran, or was there before we were.
            return self._known(Identity(life.pid, life.start_ticks)) or self._inherited(
                life, tables
            )
        if not read.raw or 0 < life.time_ns < read.read_ns:
            self.missed += 1
            return b""
        return read.raw

    def _inherited(self, life: _Life, tables: tuple[ProcessTable, ...]) -> bytes:
        read = self._read.get(life.fork_parent)
        for table in tables:
            row = int(np.searchsorted(table.pid, life.fork_parent))
            if row < len(table) and table.pid[row] == life.fork_parent > 0:
                start_ns = (table.start_ticks[row] - life.start_ticks) * self._tick_ns
                if read is None or _is_older(read, life.start_ns + int(start_ns)):
                    return self._known(table.identity(row)) or b""
                break
        if read is None:
            return b""
        if read.since_ns > life.fork_ns:
            # The parent has run another program since.
            self.missed += 1
            return b""
        return read.raw


def _is_older(kept: _Kept, start_ns: int) -> bool:
    """Tell whether it is from before its process started: of another one."""
    if start_ns == UNKNOWN:
        # What was a row has a start.
        return bool(kept.raw) and not kept.read_ns
    return kept.since_ns < start_ns - int(_SAME_S * 1e9)

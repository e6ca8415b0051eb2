"""The arguments of processes that may be gone when somebody asks for them."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from montauk_tui.collectors.netlink.ends import EndArray
from montauk_tui.collectors.netlink.streams import Argv
from montauk_tui.model.sample import Identity, ProcessTable

_ZOMBIE: Final = ord("Z")
_MOST: Final = 1 << 16
"""More processes than most machines run at a time."""


class Arguments:
    """Keeps what was read after execs until the process ends."""

    def __init__(self, known: Callable[[Identity], bytes | None]) -> None:
        """Ask `known` for the arguments of those who were there before."""
        self._known = known
        self._read: dict[int, Argv] = {}
        self.missed = 0
        """Processes that ended before their arguments could be read."""

    def add(self, argv: Mapping[int, Argv]) -> None:
        """Keep what was read, by pid."""
        for pid, read in argv.items():
            # The latest last, so that the oldest is the first to go.
            self._read.pop(pid, None)
            self._read[pid] = read
        while len(self._read) > _MOST:
            self._read.pop(next(iter(self._read)))

    def learn(self, table: ProcessTable) -> None:
        """Keep what is known of the living: as zombies they are asked for in vain."""
        lives = table.is_process & ~table.is_kernel & (table.state != _ZOMBIE)
        unread = {pid for pid, read in self._read.items() if not read.raw}
        wanted = set(table.pid[lives].tolist()) - (self._read.keys() - unread)
        for row in np.searchsorted(table.pid, sorted(wanted)).tolist():
            if raw := self._known(table.identity(row)):
                self._read[int(table.pid[row])] = Argv(raw, 0)

    def of(
        self, ends: EndArray, before: ProcessTable, now: ProcessTable
    ) -> list[bytes]:
        """Return the arguments of each end, empty where nobody knows them.

        Args:
            ends: Processes that ended.
            before: The processes of the previous sample, to find the parents in.
            now: Those of this one.
        """
        found = [
            self._of(*words, (now, before))
            for words in zip(
                ends["pid"].tolist(),
                ends["time_ns"].tolist(),
                ends["start_ticks"].tolist(),
                ends["fork_parent"].tolist(),
                strict=True,
            )
        ]
        # Only now: a child that ended with its parent has the parent's arguments.
        for pid in ends["pid"].tolist():
            self._read.pop(pid, None)
        return found

    def _of(
        self,
        pid: int,
        time_ns: int,
        start_ticks: int,
        parent: int,
        tables: tuple[ProcessTable, ...],
    ) -> bytes:
        read = self._read.get(pid)
        if read is None:
            # No exec was told: it ran what its parent ran, or was there before we were.
            return self._known(Identity(pid, start_ticks)) or self._inherited(
                parent, tables
            )
        if not read.raw or 0 < time_ns < read.read_ns:
            self.missed += 1
            return b""
        return read.raw

    def _inherited(self, parent: int, tables: tuple[ProcessTable, ...]) -> bytes:
        read = self._read.get(parent)
        if read is not None:
            return read.raw
        for table in tables:
            row = int(np.searchsorted(table.pid, parent))
            if parent and row < len(table) and table.pid[row] == parent:
                return self._known(table.identity(row)) or b""
        return b""

"""Command lines, user names, gauges and labels of single processes, from /proc."""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.cgroups import Cgroups
from montauk_tui.collectors.procfs.gauge_files import Value
from montauk_tui.collectors.procfs.gauges import Gauges
from montauk_tui.collectors.procfs.ioprio import io_priority
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.model import own_proc
from montauk_tui.model.details import Details
from montauk_tui.model.lookups import (
    CMDLINE_BYTES,
    Command,
    command_from_cmdline,
    command_from_comm,
)
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Need
from montauk_tui.model.text import clean

_REREAD_SAMPLES: Final = 16
"""A process may rewrite its arguments without an exec (setproctitle(3))."""


class _Cached(NamedTuple):
    raw: bytes
    command: Command | None
    """None where there are no arguments."""
    sample: int
    """When it was read."""


class ProcLookups:
    """`model.lookups.Lookups` over /proc.

    A cached command line is dropped when its process runs another program (`forget`)
    or is gone (`keep`), and read again after a while.
    """

    def __init__(self, root: ProcRoot, users: UserNames) -> None:
        """Read below `root`."""
        self._root = root
        self._users = users
        self._cgroups = Cgroups()
        self._gauges = Gauges(root)
        # The system call is about the processes of this machine.
        self._is_ours = root.path == "/proc" and not own_proc.is_foreign()
        self._sample = 0
        self._commands: dict[Identity, _Cached] = {}

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line, read now where it is not cached."""
        known = self._cached(identity)
        if known is None:
            return command_from_comm(comm, bracketed=False)
        return known.command or command_from_comm(comm, bracketed=True)

    def read_commands(self, table: ProcessTable) -> None:
        """Read the command line of every process that has one and is not cached."""
        for row in np.flatnonzero(table.is_process & ~table.is_kernel).tolist():
            self.command(table.identity(row), table.comm[row])

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line if it is cached, else the name."""
        known = self._commands.get(identity)
        if known is None:
            return command_from_comm(comm, bracketed=False)
        return known.command or command_from_comm(comm, bracketed=True)

    def known_texts(self, table: ProcessTable) -> list[str]:
        """Return the text of `known_command` for each row of a table."""
        pids, starts = table.pid.tolist(), table.start_ticks.tolist()
        texts: list[str] = []
        for identity, comm in zip(
            zip(pids, starts, strict=True), table.comm.tolist(), strict=True
        ):
            # A plain tuple finds what an identity does, and is made at once.
            known = self._commands.get(identity)  # type: ignore[call-overload]
            if known is None:
                texts.append(clean(comm))
            else:
                command = known.command or command_from_comm(comm, bracketed=True)
                texts.append(command.text)
        return texts

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the start of the argument vector, None where it cannot be read."""
        known = self._cached(identity)
        return None if known is None else known.raw

    def read_new(self, table: ProcessTable, most: int) -> None:
        """Read the command lines of processes that have none yet, `most` at a time."""
        candidates = np.flatnonzero(table.is_process & ~table.is_kernel)
        pids, starts = table.pid[candidates], table.start_ticks[candidates]
        for known in map(Identity, pids.tolist(), starts.tolist()):
            if known not in self._commands and most > 0:
                self._cached(known)
                most -= 1

    def kept(self, identity: Identity) -> bytes | None:
        """Return the argument vector if it is cached, whether it lives or not."""
        known = self._commands.get(identity)
        return None if known is None else known.raw

    def _cached(self, identity: Identity) -> _Cached | None:
        """Return what is cached, read now where it is missing or old.

        The start time is checked after reading: only then the text is known not to
        belong to a process that took the pid over.
        """
        known = self._commands.get(identity)
        if known is not None and self._sample - known.sample <= _REREAD_SAMPLES:
            return known
        try:
            raw = self._root.read(
                f"{self._root.folder(identity.pid)}/cmdline", CMDLINE_BYTES
            )
            if not self._root.is_alive(identity):
                return None
        except OSError:
            return None
        command = command_from_cmdline(raw) if raw.strip(b"\0 ") else None
        known = self._commands[identity] = _Cached(raw, command, self._sample)
        return known

    def user(self, uid: int) -> str:
        """Return the name of `uid`, or its number while none is known."""
        return self._users.name(uid)

    def shared_bytes(self, identity: Identity) -> float:
        """Return the resident shared memory, NaN where it cannot be read."""
        try:
            return float(self._root.resident(identity.pid)[1])
        except OSError:
            return math.nan

    def gauge(self, name: str, identity: Identity) -> float:
        """Return a number of a process, NaN where it is unknown."""
        return _as_gauge(self._gauges.value(name, identity))

    def label(self, name: str, identity: Identity) -> str:
        """Return a text of a process, empty where it is unknown."""
        return _as_label(self._gauges.value(name, identity))

    def known_gauges(self, name: str, whose: Iterable[tuple[int, int]]) -> list[float]:
        """Return a number of each process without reading anything."""
        return list(map(_as_gauge, self._gauges.known(name, whose)))

    def known_labels(self, name: str, whose: Iterable[tuple[int, int]]) -> list[str]:
        """Return a text of each process without reading anything."""
        return list(map(_as_label, self._gauges.known(name, whose)))

    def read_gauges(self, table: ProcessTable, needs: Need) -> None:
        """Read what is needed of every process: once a sample, after the counters."""
        self._gauges.read(table, needs)

    def io_priority(self, identity: Identity) -> int | None:
        """Return class and level of I/O as one number, None where it is unknown."""
        return io_priority(identity.pid) if self._is_ours else None

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup, or its number while none is known."""
        return self._cgroups.path(number)

    def details(self, identity: Identity) -> Details | None:
        """Return all that is known of one process, None where it is gone."""
        # 20 ms of start-up that only a closer look needs.
        from montauk_tui.collectors.procfs.details.reader import (  # noqa: PLC0415
            read_details,
        )

        return read_details(identity, self.user, self._root.path)

    def forget(self, identities: Iterable[Identity]) -> None:
        """Drop what is cached of processes that changed their program."""
        for identity in identities:
            self._commands.pop(identity, None)
            self._gauges.forget(identity)

    def next_sample(self, table: ProcessTable) -> None:
        """Count a sample, and now and then drop the processes that are not in it."""
        self._sample += 1
        self._gauges.next_sample(table)
        if len(self._commands) > 2 * len(table):
            alive = set(
                zip(table.pid.tolist(), table.start_ticks.tolist(), strict=True)
            )
            for identity in [
                known for known in list(self._commands) if known not in alive
            ]:
                self._commands.pop(identity, None)

    def __len__(self) -> int:
        """Return how many command lines are cached."""
        return len(self._commands)


def _as_gauge(value: Value | None) -> float:
    return value if isinstance(value, float) else math.nan


def _as_label(value: Value | None) -> str:
    return value if isinstance(value, str) else ""

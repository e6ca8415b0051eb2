"""Command lines, user names, gauges and labels of single processes, from /proc."""

import math
from collections.abc import Collection, Iterable, Iterator
from itertools import starmap

import numpy as np

from montauk_tui.collectors.cgroups import Cgroups
from montauk_tui.collectors.procfs.cgroup_reader import read_cgroups
from montauk_tui.collectors.procfs.cmdlines import CommandLine, CommandLines
from montauk_tui.collectors.procfs.enrich.base import Value
from montauk_tui.collectors.procfs.enrich.gauges import Gauges
from montauk_tui.collectors.procfs.row_files import RowFiles
from montauk_tui.collectors.procfs.scan import STATM_BYTES, ProcRoot, resident_of
from montauk_tui.collectors.users import UserNames
from montauk_tui.model.cgroups import NEEDS as CGROUP_NEEDS
from montauk_tui.model.cgroups import NO_CGROUPS
from montauk_tui.model.details import Details
from montauk_tui.model.join import find, same_process
from montauk_tui.model.lookups import Command, command_from_comm
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Need
from montauk_tui.model.text import clean


class ProcLookups:
    """`model.lookups.Lookups` over /proc.

    A command line is dropped when its process runs another program (`forget`) or has
    exited, and read again when it is too old for the caller.
    """

    def __init__(self, root: ProcRoot, users: UserNames) -> None:
        """Read below `root`."""
        self._root = root
        self._users = users
        self._cgroups = Cgroups()
        self._gauges = Gauges(root)
        self._files = RowFiles(root)
        self._lines = CommandLines(root, self._files)
        self._have_lines = ProcessTable.empty()
        """A table of which `read_new` has found the lines of all processes."""
        self.cgroups = NO_CGROUPS
        """What `read` has read of cgroups."""

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line as it is at this sample."""
        return _command(self._lines.present(identity), comm)

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line as it was read last, else the name."""
        return _command(self._lines.known(identity), comm)

    def known_texts(self, table: ProcessTable) -> list[str]:
        """Return the text of `known_command` for each row of a table."""
        texts: list[str] = []
        for identity, comm in zip(table.pairs(), table.comm.tolist(), strict=True):
            # A plain tuple finds what an identity does, and is made at once.
            line = self._lines.known(identity)
            if line is None:
                texts.append(clean(comm))
            else:
                command = line.command or command_from_comm(comm, bracketed=True)
                texts.append(command.text)
        return texts

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the argument vector, at most 5 s old; None if it cannot be read."""
        line = self._lines.recent(identity)
        return None if line is None else line.raw

    def cut_rows(self, table: ProcessTable) -> Bools:
        """Tell which rows have a cut command line."""
        rows = np.zeros(len(table), dtype=np.bool_)
        cut = np.array(list(self._lines.cut), dtype=np.int64).reshape(-1, 2)
        join = find(table, cut[:, 0], cut[:, 1])
        rows[join.row[join.found]] = True
        return rows

    def read_new(self, table: ProcessTable, most: int) -> None:
        """Read the command lines of processes that have none yet, `most` at a time."""
        is_new = ~same_process(self._have_lines, table).found
        missing = self._lines.missing(
            table.pairs(is_new & table.is_process & ~table.is_kernel)
        )
        for identity in starmap(Identity, missing[:most]):
            self._lines.recent(identity)
        if not missing:
            self._have_lines = table

    def kept(self, identity: Identity) -> bytes | None:
        """Return the argument vector if it is cached, also of an exited process."""
        line = self._lines.known(identity)
        return None if line is None else line.raw

    def user(self, uid: int) -> str:
        """Return the name of `uid`, or its number while none is known."""
        return self._users.name(uid)

    def shared_bytes(self, identity: Identity) -> float:
        """Return the resident shared memory, NaN where it cannot be read."""
        try:
            statm = self._files.read(identity, "statm", STATM_BYTES)
            return float(resident_of(statm)[1])
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

    def read(self, table: ProcessTable, needs: Need) -> None:
        """Read what is needed of every process: once a sample, after the columns."""
        if Need.CMDLINE in needs:
            whose = table.pairs(table.is_process & ~table.is_kernel)
            self._lines.refresh(starmap(Identity, whose))
        self._cgroups.at_once = Need.AT_ONCE in needs
        self._cgroups.finish()
        if needs & CGROUP_NEEDS:
            needs |= Need.of("cgroup")
        self._gauges.read(table, needs)
        self.cgroups = read_cgroups(self._paths(table), needs)

    def _paths(self, table: ProcessTable) -> Iterator[str]:
        """Yield the paths of the cgroups of the processes, as far as they are known."""
        yield from map(self.cgroup, set(table.cgroup_id.tolist()) - {UNKNOWN})
        yield from self.known_labels("cgroup", table.pairs(table.is_process))

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup, or its number while none is known."""
        return self._cgroups.path(number)

    def details(self, identity: Identity) -> Details | None:
        """Return everything known about one process, None if it has exited."""
        # 20 ms of start-up that only the details need.
        from montauk_tui.collectors.procfs.details.reader import (  # noqa: PLC0415
            read_details,
        )

        return read_details(identity, self.user, self._root.path)

    def forget(self, whose: Collection[tuple[int, int]]) -> None:
        """Drop the strings of processes that run another program."""
        self._lines.forget(whose)
        self._gauges.forget(whose)
        if whose:
            self._have_lines = ProcessTable.empty()

    def next_sample(
        self,
        table: ProcessTable,
        changed: Collection[tuple[int, int]],
        *,
        is_exact: bool = False,
    ) -> None:
        """Count a sample, and now and then drop the processes that are not in it.

        Args:
            table: Its processes.
            changed: Those that run another program since the sample before.
            is_exact: Whether their CPU times grow whenever they run.
        """
        self.forget(changed)
        self._users.prepare(set(table.uid.tolist()))
        self._lines.begin_sample(table if is_exact else None)
        self._files.next_sample()
        self._gauges.next_sample(table)
        if len(self._lines) > 2 * len(table):
            alive = set(table.pairs())
            self._lines.forget([one for one in self._lines if one not in alive])


def _command(line: CommandLine | None, comm: bytes) -> Command:
    if line is None:
        return command_from_comm(comm, bracketed=False)
    return line.command or command_from_comm(comm, bracketed=True)


def _as_gauge(value: Value | None) -> float:
    return value if isinstance(value, float) else math.nan


def _as_label(value: Value | None) -> str:
    return value if isinstance(value, str) else ""

"""Look-ups answered from a recording."""

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from montauk_tui.collectors.replay.details import recorded_details
from montauk_tui.model.details import Details
from montauk_tui.model.lookups import Command, command_from_cmdline, command_from_comm
from montauk_tui.model.recording import Moment
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Bools

_command = lru_cache(maxsize=1 << 15)(command_from_cmdline)
"""Cached by the arguments, which the samples of a recording share."""


class RecordedLookups:
    """`model.lookups.Lookups` of one moment: whatever was not recorded is unknown."""

    def __init__(self, moment: Moment) -> None:
        """Answer for the processes of a moment."""
        self._moment = moment
        self._table = moment.sample.processes
        self._answers = moment.answers

    # --- arguments --------------------------------------------------------------------

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line, of a thread that of its process."""
        return self.known_command(self._process_of(identity), comm)

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line, or else the name."""
        arguments = self._answers.arguments.get(identity)
        if arguments is None:
            return command_from_comm(comm, bracketed=False)
        if not arguments.raw.strip(b"\0 "):
            return command_from_comm(comm, bracketed=True)
        return _command(arguments.raw)

    def known_texts(self, table: ProcessTable) -> list[str]:
        """Return the text of `known_command` for each row of a table."""
        pids, starts = table.pid.tolist(), table.start_ticks.tolist()
        whose = map(Identity, pids, starts)
        known = self.known_command
        return [
            known(identity, comm).text
            for identity, comm in zip(whose, table.comm.tolist(), strict=True)
        ]

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the argument vector."""
        arguments = self._answers.arguments.get(self._process_of(identity))
        return None if arguments is None else arguments.raw

    def cut_rows(self, table: ProcessTable) -> Bools:
        """Tell which rows have cut arguments."""
        cut = {whose for whose, it in self._answers.arguments.items() if it.is_cut}
        whose = zip(table.pid.tolist(), table.start_ticks.tolist(), strict=True)
        return np.array([one in cut for one in whose], dtype=np.bool_)

    def _process_of(self, identity: Identity) -> Identity:
        """Return the process of a thread, and any other identity as it is."""
        table, row = self._table, self._table.row_of(identity)
        if row is None or table.is_process[row]:
            return identity
        leader = int(np.searchsorted(table.pid, table.tgid[row]))
        if leader == len(table) or table.pid[leader] != table.tgid[row]:
            return identity
        return table.identity(leader)

    # --- names and values -------------------------------------------------------------

    def user(self, uid: int) -> str:
        """Return the user name, or the number."""
        return self._answers.users.get(uid, str(uid))

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup, or its number."""
        return self._answers.cgroups.get(number, f"cgroup {number}")

    def shared_bytes(self, identity: Identity) -> float:
        """Return the resident shared memory."""
        return self._answers.shared_bytes.get(identity, math.nan)

    def gauge(self, name: str, identity: Identity) -> float:
        """Return a number of a process."""
        return self.known_gauges(name, [identity])[0]

    def label(self, name: str, identity: Identity) -> str:
        """Return a text of a process."""
        return self.known_labels(name, [identity])[0]

    def known_gauges(self, name: str, whose: Iterable[tuple[int, int]]) -> list[float]:
        """Return a number of each process."""
        known = self._answers.gauges.get(name, {})
        return [known.get(one, math.nan) for one in whose]

    def known_labels(self, name: str, whose: Iterable[tuple[int, int]]) -> list[str]:
        """Return a text of each process."""
        known = self._answers.labels.get(name, {})
        return [known.get(one, "") for one in whose]

    # --- details ----------------------------------------------------------------------

    def details(self, identity: Identity) -> Details | None:
        """Return the details as they were read last, or else what is known without.

        None if the process is not in this sample and was never read.
        """
        recorded = self._moment.answers.details.get(identity)
        row = self._table.row_of(identity)
        if recorded is not None or row is None:
            return recorded
        return recorded_details(self._moment, row, self)

"""Arguments of processes, looked up a few with each sample and kept by identity."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.join import same_process
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.recording import Arguments
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Ints
from montauk_tui.recorder.tables import new_rows, with_other_program

_MOST_LOOK_UPS: Final = 24
"""Of a sample: each may read a file, and the first sample has every process."""


class _Program(NamedTuple):
    """The arguments of a process until it ran another program."""

    until: int
    """The number of the first sample with other arguments."""
    arguments: Arguments


class KeptArguments:
    """The arguments of the processes of the last samples."""

    def __init__(self) -> None:
        """Start without a sample."""
        self._table = ProcessTable.empty()
        self._now: dict[Identity, Arguments] = {}
        self._before: dict[Identity, list[_Program]] = {}
        self._waiting: deque[Identity] = deque()
        """Processes that were not looked up yet, the newest last."""
        self._exited: deque[tuple[int, Identity]] = deque()
        """With the number of the first sample without them."""
        self.size = 0
        """Bytes of all arguments."""

    def take(self, table: ProcessTable, lookups: Lookups, number: int) -> None:
        """Look up processes that are new or run another program, the newest first.

        Args:
            table: The processes of a sample, each time of a later sample.
            lookups: Those of its collector.
            number: The number of the sample.
        """
        new = new_rows(self._table, table)
        changed = with_other_program(self._table, table, new)
        gone = np.flatnonzero(~same_process(table, self._table).found)
        self._exited += [(number, one) for one in _identities(self._table, gone)]
        self._waiting += _identities(table, np.flatnonzero(changed & table.is_process))
        self._table = table
        if len(self._waiting) > 2 * len(table) + _MOST_LOOK_UPS:
            self._drop_exited()
        asked = [
            self._waiting.pop() for _ in range(min(_MOST_LOOK_UPS, len(self._waiting)))
        ]
        # One may be there twice: new, and a moment later with another program.
        rows = {row for one in asked if (row := table.row_of(one)) is not None}
        some = table.only(np.array(sorted(rows), dtype=np.int64))
        cut = lookups.cut_rows(some).tolist()
        for row, is_cut in enumerate(cut):
            whose = some.identity(row)
            raw = lookups.cmdline(whose)
            if raw is not None:
                self._keep(whose, Arguments(raw, is_cut), number)

    def _drop_exited(self) -> None:
        """Wait for no process that exited before its turn."""
        live = set(self._table.pairs())
        each = dict.fromkeys(self._waiting)
        self._waiting = deque(whose for whose in each if whose in live)

    def _keep(self, whose: Identity, arguments: Arguments, number: int) -> None:
        last = self._now.get(whose)
        if last == arguments:
            return
        if last is not None:
            self._before.setdefault(whose, []).append(_Program(number, last))
        self._now[whose] = arguments
        self.size += len(arguments.raw)

    def forget(self, first: int) -> None:
        """Forget what samples before the one of this number had."""
        while self._exited and self._exited[0][0] <= first:
            _, whose = self._exited.popleft()
            last = self._now.pop(whose, None)
            programs = [one.arguments for one in self._before.pop(whose, ())]
            kept = (*programs, *([] if last is None else [last]))
            self.size -= sum(len(arguments.raw) for arguments in kept)
        for whose in [*self._before]:
            self._forget_programs(whose, first)

    def _forget_programs(self, whose: Identity, first: int) -> None:
        """Forget what a live process ran before that sample."""
        programs = self._before[whose]
        later = [one for one in programs if one.until > first]
        dropped = programs[: len(programs) - len(later)]
        self.size -= sum(len(one.arguments.raw) for one in dropped)
        if later:
            self._before[whose] = later
        else:
            del self._before[whose]

    def at(self, number: int) -> "Mapping[Identity, Arguments]":
        """Return the arguments as of a sample."""
        return _At(self, number)

    def known(self, whose: Identity, number: int) -> Arguments | None:
        """Return the arguments of a process as of a sample, None if not known."""
        for program in self._before.get(whose, ()):
            if number < program.until:
                return program.arguments
        return self._now.get(whose)

    @property
    def waiting(self) -> int:
        """How many processes were not looked up yet."""
        return len(self._waiting)

    def identities(self) -> Iterator[Identity]:
        """Return every process whose arguments are known."""
        return iter(self._now)

    def __len__(self) -> int:
        """Return the number of processes whose arguments are known."""
        return len(self._now)


class _At(Mapping[Identity, Arguments]):
    """The arguments as of a sample."""

    def __init__(self, kept: KeptArguments, number: int) -> None:
        self._kept, self._number = kept, number

    def __getitem__(self, whose: Identity) -> Arguments:
        found = self._kept.known(whose, self._number)
        if found is None:
            raise KeyError(whose)
        return found

    def __iter__(self) -> Iterator[Identity]:
        return self._kept.identities()

    def __len__(self) -> int:
        return len(self._kept)


def _identities(table: ProcessTable, rows: Ints) -> Iterable[Identity]:
    pids, starts = table.pid[rows].tolist(), table.start_ticks[rows].tolist()
    return map(Identity, pids, starts)

"""Rows that have a name instead of a command line: numbers that last, and look-ups."""

from collections.abc import Mapping, Sequence

import numpy as np

from montauk_tui.engine.rows.build import RowLookups
from montauk_tui.model.kinds import NUMBERS, RowKind, numbers
from montauk_tui.model.lookups import Command, Lookups
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Ints
from montauk_tui.model.text import clean


class NameLookups(RowLookups):
    """Strings of rows that have a name instead of a command line."""

    def __init__(
        self,
        base: Lookups,
        pids: Ints,
        names: Sequence[bytes],
        cgroups: Mapping[int, str],
    ) -> None:
        """Take the names of rows and the paths of their cgroups, by number."""
        super().__init__(base, pids, names)
        self._cgroups = cgroups

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup, also of a row."""
        own = self._cgroups.get(number)
        return super().cgroup(number) if own is None else own

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the name; of a path the last part is the program's own name."""
        raw = self._raw(identity)
        if raw is None:
            return super().command(identity, comm)
        text = clean(raw)
        return Command(text, text.rfind("/", 0, len(text) - 1) + 1, len(text))

    known_command = command


def numbers_of(names: Sequence[str], kind: RowKind = RowKind.GROUP) -> Ints:
    """Return a number for each name, the same in every frame of this run.

    It is a hash with a secret key (SipHash): names may be an attacker's choice. Each is
    exact as float64.
    """
    first, end = NUMBERS[kind]
    step = end >> 53
    most = (end - first) // step - 1
    values = [(hash(name) % most + 1) * step for name in names]
    return numbers(kind, np.array(values, dtype=np.int64))

"""What a row of a list stands for, and the numbers of rows that are no process."""

from enum import IntEnum
from typing import Final, NamedTuple

from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Ints


class RowKind(IntEnum):
    """What a row is; a living process or thread need not say so."""

    PROCESS = 0
    THREAD = 1
    EXITED = 2
    EXITED_GROUP = 3
    """Many that ended, of one name and behind one living process."""
    ORPHANS_PARENT = 4
    """One that ended, above its children that live on."""
    EVENT = 5
    """A fork, an exec or an end; the process may live."""
    GROUP = 6
    """All that ran a program or that were in a cgroup, alive or not."""


NUMBERS: Final = {
    RowKind.EXITED: (0, 1 << 39),
    RowKind.ORPHANS_PARENT: (1 << 39, 1 << 40),
    RowKind.EXITED_GROUP: (1 << 40, 1 << 56),
    RowKind.GROUP: (1 << 56, 1 << 57),
    RowKind.EVENT: (1 << 60, 1 << 62),
}
"""From where on, and up to where, the numbers of a kind go; those of single processes
are exact as float64, too."""


def numbers(kind: RowKind, values: Ints) -> Ints:
    """Return what stands in the column `pid` of rows that are no living process.

    It is negative, and no row of another kind ever has it.

    Args:
        kind: What the rows are.
        values: From 1 on, less than there are numbers; the largest comes first.
    """
    first, end = NUMBERS[kind]
    if values.size and not 0 < values.min() <= values.max() < end - first:
        reason = f"{values} are too many for {kind!r}"
        raise ValueError(reason)
    return -first - values


class RowKey(NamedTuple):
    """What tells a row from every other, in every list and in every frame."""

    kind: RowKind
    number: int
    """The pid of who lives, else as `numbers` allots it."""
    start_ticks: int

    @classmethod
    def of(cls, process: Identity) -> "RowKey":
        """Return the key of a living process."""
        return cls(RowKind.PROCESS, *process)

    @property
    def process(self) -> Identity | None:
        """The living process or thread whose row it is, None where it is none."""
        if self.kind not in (RowKind.PROCESS, RowKind.THREAD):
            return None
        return Identity(self.number, self.start_ticks)

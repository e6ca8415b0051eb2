"""What a row stands for, and the numbers of rows that are not a live process."""

from enum import IntEnum
from typing import Final, NamedTuple

from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Ints


class RowKind(IntEnum):
    """What a row stands for; optional for live processes and threads."""

    PROCESS = 0
    THREAD = 1
    EXITED = 2
    EXITED_GROUP = 3
    """Many exited processes of one name and one live ancestor."""
    ORPHANS_PARENT = 4
    """An exited process above its live children."""
    EVENT = 5
    """A fork, an exec or an exit; the process may be live."""
    GROUP = 6
    """All processes of a program or of a cgroup, live or exited."""
    DEVICE = 7
    """A disk, an interface or a file system."""


NUMBERS: Final = {
    RowKind.EXITED: (0, 1 << 39),
    RowKind.ORPHANS_PARENT: (1 << 39, 1 << 40),
    RowKind.EXITED_GROUP: (1 << 40, 1 << 56),
    RowKind.GROUP: (1 << 56, 1 << 57),
    RowKind.DEVICE: (1 << 57, 1 << 58),
    RowKind.EVENT: (1 << 60, 1 << 62),
}
"""The range of numbers of each kind; those of single processes are exact as float64."""


def numbers(kind: RowKind, values: Ints) -> Ints:
    """Return the values of the column `pid` for rows that are not a live process.

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
    """The key of a row, unique in every list and every frame."""

    kind: RowKind
    number: int
    """The pid of a live process, else a number allotted by `numbers`."""
    start_ticks: int

    @classmethod
    def of(cls, process: Identity) -> "RowKey":
        """Return the key of a live process."""
        return cls(RowKind.PROCESS, *process)

    @property
    def process(self) -> Identity | None:
        """The live process or thread of the row, None for other kinds."""
        if self.kind not in (RowKind.PROCESS, RowKind.THREAD):
            return None
        return Identity(self.number, self.start_ticks)

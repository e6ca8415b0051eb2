"""Tables of events: equally long, read-only columns, a row for each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bools, Bytes, Field, Ints


def cut_lines(cmdlines: Sequence[bytes] | Bytes, cmdline_bytes: Ints) -> Bools:
    """Tell which arguments were cut; a missing zero at the end does not count."""
    kept = np.fromiter(map(len, cmdlines), np.int64, len(cmdlines))
    cut: Bools = cmdline_bytes > kept + 1
    return cut


class RecordTable:
    """Columns named as in FIELDS, raw names in `comm`, arguments in `cmdline`.

    The int64 columns are attributes; one that was not given is unknown in every row.
    `cmdline` holds NUL-separated arguments, as many of `cmdline_bytes` as were kept.

    Raises:
        ValueError: A column is not in the schema or has another length.
    """

    __slots__ = ("_columns", "cmdline", "comm")

    FIELDS: ClassVar[Mapping[str, Field]]
    comm: Bytes
    cmdline: Bytes

    def __init__(
        self, comm: Bytes, cmdline: Bytes, columns: Mapping[str, Ints]
    ) -> None:
        """Check the columns and freeze them."""
        for name, values in {"cmdline": cmdline, **columns}.items():
            if name not in self.FIELDS and name != "cmdline":
                raise ValueError(f"column {name!r} is not in the schema")
            if values.shape != comm.shape:
                raise ValueError(
                    f"column {name!r} has {len(values)} rows, not {len(comm)}"
                )
        self.comm, self.cmdline = comm, cmdline
        self._columns = dict(columns)
        for values in (comm, cmdline, *columns.values()):
            values.setflags(write=False)

    def __getattr__(self, name: str) -> Ints:
        """Return the column called `name`."""
        if name not in self.FIELDS:
            raise AttributeError(name)
        if name not in self._columns:
            self._columns[name] = np.full(len(self), UNKNOWN, dtype=np.int64)
        return self._columns[name]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.comm)

    def without(self, names: Iterable[str]) -> Self:
        """Return this table with the columns `names` unknown."""
        dropped = set(names)
        if not dropped:
            return self
        kept = {name: self._columns[name] for name in self._columns.keys() - dropped}
        return type(self)(self.comm, self.cmdline, kept)

    def only(self, rows: Ints | Bools) -> Self:
        """Return some of the rows, by number or by flag."""
        columns = {name: values[rows] for name, values in self._columns.items()}
        return type(self)(self.comm[rows], self.cmdline[rows], columns)

    @classmethod
    def empty(cls) -> Self:
        """Return a table without rows."""
        nothing = np.empty(0, dtype=np.int64)
        comm = np.empty(0, dtype=f"S{COMM_BYTES}")
        return cls(comm, np.empty(0, dtype="S1"), dict.fromkeys(cls.FIELDS, nothing))

    @classmethod
    def joined(cls, tables: Sequence[Self]) -> Self:
        """Return the rows of several tables, one after the other."""
        if not tables:
            return cls.empty()
        if len(tables) == 1:
            return tables[0]
        columns = {
            name: np.concatenate([getattr(table, name) for table in tables])
            for name in cls.FIELDS
        }
        comm = np.concatenate([table.comm for table in tables])
        cmdline = np.concatenate([table.cmdline for table in tables])
        return cls(comm, cmdline, columns)

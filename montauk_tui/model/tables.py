"""Tables: equally long, read-only columns, a row for each process or event."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np

from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bools, Bytes, Field, Ints


class Table:
    """The int64 columns are attributes named as in FIELDS; `comm` holds raw names.

    A column that was not given is unknown in every row. The others are in `__dict__`,
    where Python finds them without a call.

    Raises:
        ValueError: A column is not in the schema or has another length.
    """

    __slots__ = ("__dict__", "comm")

    FIELDS: ClassVar[Mapping[str, Field]]
    BYTES: ClassVar[tuple[str, ...]] = ()
    """Columns of bytes, always given, beside `comm`."""

    comm: Bytes

    def __init__(self, comm: Bytes, columns: Mapping[str, Any]) -> None:
        """Check the columns and freeze them."""
        shape = comm.shape
        for name, values in columns.items():
            if name not in self.FIELDS and name not in self.BYTES:
                raise ValueError(f"column {name!r} is not in the schema")
            if values.shape != shape:
                raise ValueError(
                    f"column {name!r} has {len(values)} rows, not {len(comm)}"
                )
            values.setflags(write=False)
        self.comm = comm
        comm.setflags(write=False)
        self.__dict__.update(columns)

    @classmethod
    def _of(cls, comm: Bytes, columns: dict[str, Any]) -> Self:
        return cls(comm, columns)

    @classmethod
    def _of_frozen(cls, comm: Bytes, columns: Mapping[str, Any]) -> Self:
        """Return a table of columns from others, which were checked and frozen."""
        table = cls.__new__(cls)
        table.comm = comm
        table.__dict__.update(columns)
        return table

    def __getattr__(self, name: str) -> Ints:
        """Return the column called `name`, which was not given."""
        if name not in self.FIELDS and name not in self.BYTES:
            raise AttributeError(name)
        unknown = np.full(len(self), UNKNOWN, dtype=np.int64)
        unknown.setflags(write=False)
        self.__dict__[name] = unknown
        return unknown

    @property
    def _columns(self) -> dict[str, Any]:
        return self.__dict__

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.comm)

    @classmethod
    @cache
    def empty(cls) -> Self:
        """Return the table without rows."""
        columns = dict.fromkeys(cls.FIELDS, np.empty(0, dtype=np.int64))
        texts = dict.fromkeys(cls.BYTES, np.empty(0, dtype="S1"))
        return cls._of(np.empty(0, dtype=f"S{COMM_BYTES}"), {**columns, **texts})

    def without(self, names: Iterable[str]) -> Self:
        """Return this table with the columns `names` unknown."""
        dropped = set(names)
        if not dropped:
            return self
        kept = {name: self._columns[name] for name in self._columns.keys() - dropped}
        return self._of(self.comm, kept)

    def only(self, rows: Ints | Bools) -> Self:
        """Return some of the rows, by number or by flag."""
        columns = {name: values[rows] for name, values in self._columns.items()}
        return self._of(self.comm[rows], columns)

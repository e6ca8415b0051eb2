"""Tables of events: a row for each, with the arguments of its process."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from montauk_tui.model.schema import Bools, Bytes, Ints
from montauk_tui.model.tables import Table


def cut_lines(cmdlines: Sequence[bytes] | Bytes, cmdline_bytes: Ints) -> Bools:
    """Tell which arguments were cut; a missing zero at the end does not count."""
    kept = np.fromiter(map(len, cmdlines), np.int64, len(cmdlines))
    cut: Bools = cmdline_bytes > kept + 1
    return cut


class RecordTable(Table):
    """`cmdline` holds NUL-separated arguments, as many of `cmdline_bytes` as were kept.

    `exe` is the program file of the last exec, empty for unknown.

    Raises:
        ValueError: A column is not in the schema or has another length.
    """

    __slots__ = ()
    BYTES = ("cmdline", "exe")

    cmdline: Bytes
    exe: Bytes

    def __init__(
        self,
        comm: Bytes,
        cmdline: Bytes,
        columns: Mapping[str, Ints],
        exe: Bytes | None = None,
    ) -> None:
        """Check the columns and freeze them."""
        if exe is None:
            exe = np.zeros(len(comm), dtype="S1")
        super().__init__(comm, {**columns, "cmdline": cmdline, "exe": exe})

    def compact(self) -> Self:
        """Return this table with texts no wider than the longest of them."""
        texts = {name: _narrow(getattr(self, name)) for name in self.BYTES}
        return self._of(_narrow(self.comm), {**self._columns, **texts})

    @classmethod
    def _of(cls, comm: Bytes, columns: dict[str, Any]) -> Self:
        cmdline, exe = (columns.pop(name) for name in cls.BYTES)
        return cls(comm, cmdline, columns, exe)

    @classmethod
    def joined(cls, tables: Sequence[Self]) -> Self:
        """Return the rows of several tables, one after the other."""
        if not tables:
            return cls.empty()
        if len(tables) == 1:
            return tables[0]
        comm, *columns = (
            np.concatenate([getattr(table, name) for table in tables])
            for name in ("comm", *cls.BYTES, *cls.FIELDS)
        )
        cmdline, exe, *numbers = columns
        return cls(comm, cmdline, dict(zip(cls.FIELDS, numbers, strict=True)), exe)


def _narrow(texts: Bytes) -> Bytes:
    letters = np.frombuffer(texts.tobytes(), np.uint8)
    is_used = letters.reshape(len(texts), texts.dtype.itemsize).any(axis=0)
    width = int(np.flatnonzero(is_used).max(initial=0)) + 1
    return texts.astype(f"S{width}")

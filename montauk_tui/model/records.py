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

    Raises:
        ValueError: A column is not in the schema or has another length.
    """

    __slots__ = ()
    BYTES = ("cmdline",)

    cmdline: Bytes

    def __init__(
        self, comm: Bytes, cmdline: Bytes, columns: Mapping[str, Ints]
    ) -> None:
        """Check the columns and freeze them."""
        super().__init__(comm, {**columns, "cmdline": cmdline})

    @classmethod
    def _of(cls, comm: Bytes, columns: dict[str, Any]) -> Self:
        return cls(comm, columns.pop("cmdline"), columns)

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
        return cls(comm, columns[0], dict(zip(cls.FIELDS, columns[1:], strict=True)))

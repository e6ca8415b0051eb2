"""Parquet files of columns, each visible only when it is complete."""

import glob
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from montauk_tui.errors import MontaukError
from montauk_tui.export.fleet.duck import (
    connected,
    errors_in_a_line,
    executed,
    literal,
)
from montauk_tui.export.fleet.schema import (
    FLAG,
    LARGE,
    REAL,
    SMALL,
    TABLES,
    TEXT,
    TIME,
    VERSION,
    Column,
)
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.text import named

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

SUFFIX: Final = ".parquet"
UNFINISHED: Final = ".part"

_READ: Final = {
    TEXT: "nullif({}, '')",
    TIME: "make_timestamptz({})",
    FLAG: f"CAST(nullif({{}}, {UNKNOWN}) AS BOOLEAN)",
    SMALL: f"TRY_CAST(nullif({{}}, {UNKNOWN}) AS INTEGER)",
    LARGE: f"nullif({{}}, {UNKNOWN})",
    REAL: "CASE WHEN isnan({0}) THEN NULL ELSE {0} END",
}
"""Values of each type from numpy's columns; of a recording nothing is trusted."""

_LONGEST_NAME: Final = 64
"""HOST_NAME_MAX of Linux; as an escape each byte has three characters."""

_DAY_US: Final = 86_400 * 10**6

Values = Mapping[str, npt.NDArray[Any] | str]
"""By name; a text is that of all rows."""


class ParquetFiles:
    """Writes tables below a folder, one day of a host in each file."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that nobody else may write to.

        Raises:
            MontaukError: DuckDB is not installed.
        """
        self._folder = folder
        self._connection: Connection = connected(threads="1")

    def remove(self, host: str, stem: str) -> None:
        """Remove the files of a segment, of which there may be more than come now.

        Raises:
            MontaukError: One cannot be removed.
        """
        some = f"*/host={as_name(host)}/date=*/{glob.escape(stem)}-*{SUFFIX}"
        for path in self._folder.glob(some):
            try:
                path.unlink()
            except OSError as error:
                what = f"cannot remove {named(path)}"
                raise MontaukError(f"{what}: {error.strerror}") from error

    def write(
        self, table: str, host: str, stem: str, values: Values, dated: str = "time"
    ) -> None:
        """Write rows to a file for each day.

        Args:
            table: Its name.
            host: The name of the host.
            stem: The name of the files; they replace those of the same name.
            values: Columns.
            dated: The one that says of which day a row is.

        Raises:
            MontaukError: They cannot be written, as on a full disk.
        """
        times = values[dated]
        assert not isinstance(times, str)  # noqa: S101 - for mypy
        days = times // _DAY_US
        # Most often there is one day only, and nothing is copied.
        for day in sorted(set(days.tolist())):
            of_day = days == day
            part = values if of_day.all() else _only(values, of_day)
            date = np.datetime64(int(day), "D")
            folder = self._folder / table / f"host={as_name(host)}" / f"date={date}"
            self._write(table, folder, stem, part)

    def _write(self, table: str, folder: Path, stem: str, values: Values) -> None:
        final = folder / f"{stem}{SUFFIX}"
        unfinished = folder / f".{stem}{UNFINISHED}"
        columns = ", ".join(_selected(column, values) for column in TABLES[table])
        arrays = {name: it for name, it in values.items() if not isinstance(it, str)}
        command = (
            f"COPY (SELECT {columns} FROM given) "  # noqa: S608 - names and literals
            f"TO {literal(unfinished)} (FORMAT parquet, COMPRESSION zstd, "
            f"KV_METADATA {{montauk_schema: '{VERSION}', montauk_table: '{table}'}})"
        )
        what = f"cannot write {named(final)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with errors_in_a_line(what):
                self._connection.register("given", arrays)
                executed(self._connection, command)
            _sync(unfinished)
            unfinished.replace(final)
            _sync(folder)
        except OSError as error:
            raise MontaukError(f"{what}: {error.strerror}") from error
        finally:
            self._connection.unregister("given")
            with suppress(OSError):
                unfinished.unlink()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def as_name(host: str) -> str:
    """Return a host name as a part of a path, as Hive escapes it."""
    name = quote(host.encode()[:_LONGEST_NAME], safe="") or "unknown"
    # A name of dots is another folder.
    return name if host.strip(".") else name.replace(".", "%2E")


def _selected(column: Column, values: Values) -> str:
    value = values.get(column.name)
    name = f'"{column.name}"'
    if value is None:
        return f"CAST(NULL AS {column.type}) AS {name}"
    read = literal(value) if isinstance(value, str) else name
    return f"{_READ[column.type].format(read)} AS {name}"


def _only(values: Values, rows: npt.NDArray[np.bool_]) -> Values:
    return {
        name: it if isinstance(it, str) else it[rows] for name, it in values.items()
    }


def _sync(path: Path) -> None:
    """Have the kernel write out a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

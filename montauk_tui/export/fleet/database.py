"""Tables of many hosts as views of DuckDB, which reads their files and nothing else."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from montauk_tui.errors import UsageError
from montauk_tui.export.fleet.duck import (
    connected,
    errors_in_a_line,
    executed,
    interruptible,
    line_of,
    literal,
)
from montauk_tui.export.fleet.schema import PARTITIONS, TABLES, named_in
from montauk_tui.export.fleet.within import ALWAYS, Within

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_HIVE: Final = (
    "union_by_name = true, hive_partitioning = true, "
    "hive_types = {'host': VARCHAR, 'date': DATE}"
)


class Tables(NamedTuple):
    """The files of an export by table, and the time of which their rows are wanted."""

    files: Mapping[str, Sequence[Path]]
    within: Within = ALWAYS


def opened(exports: Sequence[Tables], sql: str = "") -> "Connection":
    """Return a database with a view of each table that a query may mention.

    It can read the files of the exports, and neither write nor read any other.

    Args:
        exports: The files of each export.
        sql: The query; a view of a table that it does not name is not made, as that
            takes reading something of every file. Empty for all.

    Raises:
        MontaukError: A file cannot be read.
    """
    tables = sorted(named_in(sql))
    paths = [
        its.files[table] for its in exports for table in tables if its.files.get(table)
    ]
    connection = connected(temp_directory="")
    with errors_in_a_line("cannot read the files"):
        for table in tables:
            of_table = [(its.files.get(table, ()), its.within) for its in exports]
            executed(connection, f"CREATE VIEW {table} AS {_view(table, of_table)}")
        allowed = ", ".join(literal(path) for some in paths for path in some)
        executed(connection, f"SET allowed_paths = [{allowed}]")
        executed(connection, "SET enable_external_access = false")
        executed(connection, "SET lock_configuration = true")
    return connection


def _view(table: str, exports: Iterable[tuple[Sequence[Path], Within]]) -> str:
    """Return the query of a view: every column in its type, whatever the files have."""
    columns = (*PARTITIONS, *TABLES[table])
    typed = ", ".join(
        f'CAST("{one.name}" AS {one.type}) AS "{one.name}"' for one in columns
    )
    empty = ", ".join(f'CAST(NULL AS {one.type}) AS "{one.name}"' for one in columns)
    parts = [f"(SELECT {empty} WHERE false)"]
    for paths, within in exports:
        if paths:
            listed = ", ".join(map(literal, paths))
            source = f"read_parquet([{listed}], {_HIVE})"
            where = _where(table, within)
            parts.append(f"SELECT * FROM {source}{where}")  # noqa: S608 - literals
    whole = " UNION ALL BY NAME ".join(parts)
    return f"SELECT {typed} FROM ({whole})"  # noqa: S608 - names of the schema


def _where(table: str, within: Within) -> str:
    """Return the condition for rows of a time; a segment has its begin and end."""
    end = "end_time" if table == "hosts" else "time"
    conditions = [
        f'"{name}" {sign} to_timestamp({second!r})'
        for name, sign, second in (
            (end, ">=", within.begin_s), ("time", "<=", within.end_s)
        )
        if math.isfinite(second)
    ]  # fmt: skip
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


class Answer:
    """The rows of a query, one batch after the other."""

    def __init__(self, connection: "Connection", sql: str) -> None:
        """Run a query that `readonly.checked` has passed.

        Raises:
            UsageError: It is wrong, or reads other files.
        """
        import duckdb  # noqa: PLC0415 - it is there, as the connection is

        try:
            self._rows = executed(connection, sql)
        except duckdb.PermissionException as error:
            raise UsageError(
                "a query reads no files but those of its folders",
                "name the folders after it",
            ) from error
        except duckdb.Error as error:
            # DuckDB proposes tables of its own, which are refused.
            reason = line_of(error).partition("! Did you mean")[0]
            if "Table with name" not in reason:
                raise UsageError(line_of(error)) from error
            raise UsageError(reason, f"the tables are {', '.join(TABLES)}") from error
        self.names = _distinct([str(one[0]) for one in self._rows.description or ()])
        """Of the columns."""
        self.numeric = [_is_numeric(one[1]) for one in self._rows.description or ()]
        """Whether each column has numbers."""

    def batch(self, count: int) -> list[tuple[Any, ...]]:
        """Return further rows, none at the end.

        Raises:
            MontaukError: A file cannot be read, or memory is short.
        """
        with errors_in_a_line("the query failed"):
            return interruptible(self._rows, lambda: self._rows.fetchmany(count))


_NUMERIC: Final = re.compile(r".*(INT|DOUBLE|FLOAT|DECIMAL|NUMBER)", re.IGNORECASE)


def _is_numeric(kind: object) -> bool:
    return _NUMERIC.match(str(kind)) is not None and "[" not in str(kind)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names of which none is there twice."""
    found: list[str] = []
    for name in names:
        free, number = name, 1
        while free in found:
            free, number = f"{name}_{number}", number + 1
        found.append(free)
    return found

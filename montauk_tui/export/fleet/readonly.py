"""Whether a text of SQL is one statement that only reads tables.

DuckDB's settings forbid other files. What they permit, the files of a query, must not
be written either: a WITH clause may have a COPY in it, and is a SELECT by its type.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

from montauk_tui.errors import UsageError
from montauk_tui.export.fleet.duck import connected, executed, line_of
from montauk_tui.model.text import clean_text

_READS: Final = frozenset(
    {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
)
"""Nodes of a parsed query that change nothing."""
_FUNCTIONS: Final = frozenset(
    {
        "generate_series", "histogram", "histogram_values", "json_each", "json_tree",
        "range", "repeat", "repeat_row", "summary", "unnest",
    }
)  # fmt: skip
"""Tables that are made from arguments; others read files, or memory of the program."""
_REMEDY: Final = "write a SELECT of the tables"


def checked(sql: str) -> None:
    """Check that a text is one statement that only reads tables.

    Raises:
        UsageError: It is not.
        MontaukError: DuckDB is not installed.
    """
    with closing(connected()) as connection:
        import duckdb  # noqa: PLC0415 - it is there, as the connection is

        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error as error:
            raise UsageError(line_of(error)) from error
        if len(statements) != 1:
            count = len(statements) or "no"
            raise UsageError(f"there are {count} statements", "write one SELECT")
        kind = statements[0].type
        if kind != duckdb.StatementType.SELECT:
            raise _refused(kind.name)
        row = executed(
            connection, "SELECT json_serialize_sql(?::VARCHAR)", sql
        ).fetchone()
    try:
        tree = json.loads(row[0] if row else "null")
    except RecursionError as error:
        raise UsageError("the query is nested too deeply") from error
    if not isinstance(tree, dict) or tree.get("error"):
        raise _refused("it")
    for part in _parts(tree):
        _check(part)


def _parts(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every object of a parsed query."""
    left: list[Any] = [tree]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
            left += part.values()
        elif isinstance(part, list):
            left += part


def _check(part: dict[str, Any]) -> None:
    kind = part.get("type")
    if not isinstance(kind, str):
        return
    if kind.endswith("_NODE") and kind not in _READS:
        raise _refused(kind.partition("_")[0])
    if kind == "TABLE_FUNCTION":
        function = part.get("function")
        name = function.get("function_name") if isinstance(function, dict) else None
        if name not in _FUNCTIONS:
            raise _refused(clean_text(name))


def _refused(what: str) -> UsageError:
    return UsageError(
        f"{what.replace('_', ' ')} is refused: a query only reads", _REMEDY
    )

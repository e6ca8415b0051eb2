"""The rows of a query as a table, as JSON lines or as CSV."""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from montauk_tui.export.fleet.database import Answer
from montauk_tui.export.output import write_stdout
from montauk_tui.model.text import cell_width, clean_text, fit

_BATCH: Final = 1_000
"""Rows by which the widths of columns are chosen; later ones may be cut."""
_WIDEST: Final = 80
"""Cells of a text in a table."""
_DIGITS: Final = 6
_UNKNOWN: Final = "-"


def _batches(answer: Answer) -> Iterator[list[tuple[Any, ...]]]:
    while rows := answer.batch(_BATCH):
        yield rows


def write_table(answer: Answer) -> None:
    """Print an aligned table; a text longer than 80 cells is cut."""
    batches = _batches(answer)
    first = next(batches, [])
    titles = [clean_text(name) for name in answer.names]
    shown = [[_cell(value) for value in row] for row in first]
    widths = [
        min(_WIDEST, max(map(cell_width, column)))
        for column in zip(titles, *shown, strict=True)
    ]
    write_stdout(_line(titles, widths, answer.numeric))
    for rows in chain([shown], ([*map(_cells, it)] for it in batches)):
        if rows:
            write_stdout("\n".join(_line(it, widths, answer.numeric) for it in rows))


def _cells(row: Sequence[Any]) -> list[str]:
    return [_cell(value) for value in row]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    fitted = (
        cell.rjust(width) if is_right else fit(cell, width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(fitted).rstrip()


def _cell(value: Any) -> str:
    """Return a value as text that cannot change the screen around it."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(round(value, _DIGITS))
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, list | dict | tuple):
        return clean_text(json.dumps(_plain(value)))
    return clean_text(value)


def write_json(answer: Answer) -> None:
    """Print an object for each row, on one line; unknown is null."""
    for rows in _batches(answer):
        write_stdout(
            "\n".join(
                json.dumps(
                    dict(zip(answer.names, map(_plain, row), strict=True)),
                    allow_nan=False,
                )
                for row in rows
            )
        )


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    found: Any
    if value is None or isinstance(value, bool | int | str):
        found = value
    elif isinstance(value, float | Decimal):
        found = float(value) if math.isfinite(value) else None
    elif isinstance(value, datetime):
        found = value.replace(tzinfo=None).isoformat() + "Z"
    elif isinstance(value, date):
        found = value.isoformat()
    elif isinstance(value, dict):
        found = {str(key): _plain(item) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        found = [_plain(item) for item in value]
    else:
        found = str(value)
    return found


def write_csv(answer: Answer) -> None:
    """Print CSV (RFC 4180) with a heading; unknown is empty."""
    write_stdout(_csv_lines([answer.names]))
    for rows in _batches(answer):
        write_stdout(_csv_lines(rows))


def _csv_lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        cells = (it if it is None or _is_number(it) else _cell(it) for it in row)
        writer.writerow(cells)
    return text.getvalue().removesuffix("\n")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)

"""`montauk --sort help`: the names of every column."""

from montauk_tui.engine.columns.foreign import HTOP, TOP, names_of
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.export.output import write_stdout


def sort_keys() -> int:
    """Print names and meaning of each column, also the names of htop and top."""
    rows = [("COLUMN", "TITLE", "HTOP, TOP", "MEANING")]
    for column in COLUMNS.values():
        others = dict.fromkeys((*names_of(column, HTOP), *names_of(column, TOP)))
        rows.append((column.id, column.title, " ".join(others), column.description))
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    padded = (map(str.ljust, row, widths) for row in rows)
    write_stdout("\n".join("  ".join(cells).rstrip() for cells in padded))
    return 0

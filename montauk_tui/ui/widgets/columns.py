"""The columns of the process table: which fit, how wide they are, and their titles."""

from dataclasses import dataclass
from typing import Final

from montauk_tui.engine.columns.column import Column
from montauk_tui.model.sample import Identity
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, Run

_COMMAND_WITH_ARGUMENTS: Final = 44
"""Cells of a command line of which one sees more than the program."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns in their order and widths."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    sort_id: str
    descending: bool

    def column_at(self, cell: int) -> Column | None:
        """Return the column under a cell of the header, gap to its left included."""
        start = 0
        for column, width in zip(self.columns, self.widths, strict=True):
            start += width + 1
            if cell < start or not column.width:
                return column
        return None

    def last_width(self, width: int) -> int:
        """Return the cells of the last column, of `width` cells for all."""
        return width - sum(self.widths) - len(self.widths)


@dataclass(frozen=True, slots=True)
class RowStyle:
    """Style of the rows."""

    theme: Theme
    ascii: bool
    paths: bool
    search: str = ""
    """Lower-case text to mark in commands."""
    tags: frozenset[Identity] = frozenset()
    """Tagged processes."""
    merged: bool = False
    """Whether a name that differs from the program's precedes the command."""
    heading: str = ""
    """The title of names that are no commands."""


def fit_columns(
    columns: tuple[Column, ...], width: int, pid_digits: int, least_command: int = 30
) -> tuple[tuple[Column, ...], tuple[int, ...]]:
    """Return the columns that leave the command a readable width, and all widths.

    Columns are dropped in the order of `Column.yields`, the largest first; those of 1
    only if not even half of that width is left, and those that have a `widest` as soon
    as the command has not enough for arguments. What is left beyond that widens them.
    """
    kept = list(columns)

    def widths() -> list[int]:
        return [
            max(column.width, pid_digits + (not at)) if column.holds_pid
            # The first one has a sign before it, and a gap.
            else column.width
            for at, column in enumerate(kept)
        ]  # fmt: skip

    for column in sorted(columns, key=lambda column: -column.yields):
        least = least_command if column.yields > 1 else least_command // 2
        if column.widest:
            least = _COMMAND_WITH_ARGUMENTS
        if not column.yields or sum(widths()) + len(kept) + least <= width:
            break
        kept.remove(column)
    fitted = widths()
    for at, column in enumerate(kept):
        spare = width - sum(fitted) - len(kept) - _COMMAND_WITH_ARGUMENTS
        fitted[at] += max(0, min(column.widest - fitted[at], spare))
    return tuple(kept), tuple(fitted)


def draw_header(layout: Layout, look: RowStyle) -> Line:
    """Return the titles of the columns, the sort column marked by arrow and style."""
    plain, sorted_by = look.theme.style("header"), look.theme.style("header_sort")
    arrows = ("v", "^") if look.ascii else ("▼", "▲")
    runs: list[Run] = []
    for column, width in zip(layout.columns, layout.widths, strict=True):
        is_sort = column.id == layout.sort_id
        title = column.title
        if column.id == "command":
            title = look.heading or title + " (merged)" * look.merged
        if is_sort:
            # If the title fills its column, the arrow uses the gap beside it.
            title += arrows[0] if layout.descending else arrows[1]
        style = sorted_by if is_sort else plain
        if column.left:
            runs.append((" ", plain))
            runs.append((title.ljust(width), style) if width else (title, style))
        else:
            gap = width + 1 - len(title)
            runs.append((" " * max(0, gap), plain))
            runs.append((title[: width + 1], style))
    return tuple(runs)

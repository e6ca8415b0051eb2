"""One process as a line of styled text."""

from dataclasses import dataclass
from typing import Final

from rich.style import Style

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.rows.notes import note
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.lookups import Command, other_name
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import cell_width, clean, fit
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, Run

_ROLE_OF_LEVEL: Final = {
    Level.FAINT: "faint",
    Level.NOTICE: "notice",
    Level.WARM: "warm",
    Level.HOT: "hot",
}

TAG_SIGN: Final = "*"


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


def fit_columns(
    columns: tuple[Column, ...], width: int, pid_digits: int, least_command: int = 24
) -> tuple[tuple[Column, ...], tuple[int, ...]]:
    """Return the columns that leave the command a readable width, and all widths.

    Columns are dropped in the order of `Column.yields`, the largest first; those of 1
    only if not even half of that width is left.
    """
    kept = list(columns)

    def widths() -> list[int]:
        return [
            max(column.width, pid_digits) if column.holds_pid else column.width
            for column in kept
        ]

    for column in sorted(columns, key=lambda column: -column.yields):
        least = least_command if column.yields > 1 else least_command // 2
        if not column.yields or sum(widths()) + len(kept) + least <= width:
            break
        kept.remove(column)
    return tuple(kept), tuple(widths())


def draw_header(layout: Layout, look: RowStyle) -> Line:
    """Return the titles of the columns, the sort column marked by arrow and style."""
    plain, sorted_by = look.theme.style("header"), look.theme.style("header_sort")
    arrows = ("v", "^") if look.ascii else ("▼", "▲")
    runs: list[Run] = []
    for column, width in zip(layout.columns, layout.widths, strict=True):
        is_sort = column.id == layout.sort_id
        title = column.title
        if look.merged and column.id == "command":
            title += " (merged)"
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


def draw_row(
    frame: Frame,
    row: int,
    layout: Layout,
    look: RowStyle,
    lineage: str = "",
    hidden: int = 0,
) -> Line:
    """Return a row of the process table as a line.

    Args:
        frame: Where the values come from.
        row: Row of the frame's table.
        layout: The columns.
        look: Its style.
        lineage: Lines of the tree in front of the command.
        hidden: Number of hidden rows of a folded branch; sums have a `+`.
    """
    style_of = look.theme.styles
    runs: list[Run] = []
    pending, pending_style = "", Style.null()
    for column, width in zip(layout.columns, layout.widths, strict=True):
        if column.id == "command":
            runs.append((pending + " ", pending_style))
            runs.extend(_branch_runs(look, lineage, hidden))
            runs.extend(_command_runs(frame, row, layout, look))
            pending = ""
            continue
        text = column.text(frame, row)
        if hidden and column.sums and text != NOTHING_KNOWN:
            text = f"+{text}"
        level = column.level(frame, row)
        style = (
            style_of[_ROLE_OF_LEVEL[level]]
            if level is not Level.PLAIN
            else Style.null()
        )
        text = _aligned(text, width, left=column.left)
        if style is pending_style:
            pending += text
        else:
            if pending:
                runs.append((pending, pending_style))
            pending, pending_style = text, style
    if pending:
        runs.append((pending, pending_style))
    if look.tags and frame.sample.processes.identity(row) in look.tags:
        return _tagged(runs, look)
    return tuple(runs)


def _tagged(runs: list[Run], look: RowStyle) -> Line:
    """Return a row with a tag sign in the gap before its first cell."""
    (text, style), *rest = runs
    sign = (TAG_SIGN, look.theme.style("warm"))
    return (sign, (text.removeprefix(" "), style), *rest)


def _aligned(text: str, width: int, *, left: bool) -> str:
    """Return a cell with its gap; a truncated name ends in `+`; numbers never are."""
    if not left:
        return " " * (width + 1 - cell_width(text)) + text
    if cell_width(text) > width:
        return f" {fit(text, width - 1)}+"
    return " " + fit(text, width)


def _branch_runs(look: RowStyle, lineage: str, hidden: int) -> list[Run]:
    """Return the tree lines of a row, and its number of hidden rows."""
    styles = look.theme.styles
    runs: list[Run] = [(lineage, styles["tree"])] if lineage else []
    return [*runs, (fold_mark(hidden), styles["notice"])] if hidden else runs


def fold_mark(hidden: int) -> str:
    """Return the mark of a folded branch, with its gap."""
    return f"[+{hidden}] "


def _command_runs(frame: Frame, row: int, layout: Layout, look: RowStyle) -> list[Run]:
    table = frame.sample.processes
    styles = look.theme.styles
    runs: list[Run] = []
    identity, comm = table.identity(row), table.comm[row]
    if table.pid[row] != table.tgid[row]:
        return [*runs, *_marked(clean(comm), styles["thread"], look)]
    command = frame.lookups.command(identity, comm)
    if table.is_kernel[row]:
        return [*runs, *_marked(command.text, styles["faint"], look)]
    if look.merged and (name := other_name(command, comm)):
        runs += _marked(name, styles["thread"], look)
        runs.append((" | " if look.ascii else " │ ", styles["tree"]))
    runs += _program_runs(command, look)
    has_column = any(column.id == "killed_by" for column in layout.columns)
    message = note(frame, row, "<-" if look.ascii else "←", with_cause=not has_column)
    return [*runs, (f"  {message}", styles["notice"])] if message else runs


def _program_runs(command: Command, look: RowStyle) -> list[Run]:
    styles = look.theme.styles
    text, start, end = command
    if not text:
        return [(NOTHING_KNOWN, styles["faint"])]
    runs: list[Run] = []
    if start and look.paths:
        runs += _marked(text[:start], styles["path"], look)
    runs += _marked(text[start:end], styles["name"], look)
    if end < len(text):
        runs += _marked(text[end:], styles["arguments"], look)
    return runs


def _marked(text: str, style: Style, look: RowStyle) -> list[Run]:
    """Return `text` with every occurrence of the searched text marked."""
    if not look.search or look.search not in text.lower():
        return [(text, style)]
    mark = look.theme.style("match")
    runs: list[Run] = []
    at, lower = 0, text.lower()
    while (found := lower.find(look.search, at)) >= 0 and len(lower) == len(text):
        if found > at:
            runs.append((text[at:found], style))
        at = found + len(look.search)
        runs.append((text[found:at], mark))
    if at < len(text):
        runs.append((text[at:], style))
    return runs


def lineage_text(flags: tuple[bool, ...], *, ascii_only: bool) -> str:
    """Return the lines of the tree in front of a row (`projection.guides`)."""
    if not flags:
        return ""
    passing, tee, corner = (
        ("|  ", "|- ", "`- ") if ascii_only else ("│  ", "├─ ", "└─ ")
    )
    above = "".join(passing if goes_on else "   " for goes_on in flags[:-1])
    return above + (tee if flags[-1] else corner)

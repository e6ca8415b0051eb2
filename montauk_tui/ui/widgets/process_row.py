"""One process as a line of styled text."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from rich.style import Style

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.projection import Projection, guides
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints
from montauk_tui.model.text import cell_width, fit
from montauk_tui.ui.widgets.columns import Layout, RowStyle
from montauk_tui.ui.widgets.command_cell import command_inputs, command_runs
from montauk_tui.ui.widgets.lines import Line, Run

_ROLE_OF_LEVEL: Final = {
    Level.FAINT: "faint",
    Level.NOTICE: "notice",
    Level.WARM: "warm",
    Level.HOT: "hot",
}

TAG_SIGN: Final = "*"
NEW_SIGN: Final = "+"

_GAP: Final[Run] = (" ", Style.null())
"""Before the command; it looks like the cell to its left."""


class Branch(NamedTuple):
    """The place of a row in the tree."""

    lineage: str = ""
    """Lines of the tree in front of the command."""
    hidden: int = 0
    """Number of hidden rows of a folded branch; sums have a `+`."""
    sign: str = ""
    """Sign in the gap before the row: NEW_SIGN or none; TAG_SIGN comes before it."""


ROOT: Final = Branch()


class _Written(NamedTuple):
    """What a cell shows that is made from what is looked up."""

    text: str
    level: Level


Cell = tuple[Run, ...]
"""A cell with the gap before it."""


class RowMaker(NamedTuple):
    """Makes rows of a frame."""

    frame: Frame
    layout: Layout
    look: RowStyle

    @property
    def tree_column(self) -> int | None:
        """The column with the lines of the tree, None if it is not shown."""
        columns = (column.id for column in self.layout.columns)
        return next((at for at, name in enumerate(columns) if name == "command"), None)

    def inputs(self, rows: Ints) -> list[tuple[Hashable, ...]]:
        """Return what the cells of some rows are made from, by column."""
        columns = [self._inputs(column, rows) for column in self.layout.columns]
        return list(zip(*columns, strict=True))

    def _inputs(self, column: Column, rows: Ints) -> Sequence[Hashable]:
        """Return the inputs of a column; text and level where they are looked up."""
        frame = self.frame
        if column.id == "command":
            has_cause = any(it.id == "killed_by" for it in self.layout.columns)
            return command_inputs(frame, rows, self.look, with_cause=not has_cause)
        values = column.inputs(frame, rows) if column.inputs else None
        if values is None:
            every: list[int] = rows.tolist()
            return [
                _Written(column.text(frame, it), column.level(frame, it))
                for it in every
            ]
        if isinstance(values, np.ndarray):
            # As bits: NaN does not equal NaN.
            bits: list[int] = values.view(np.int64).tolist()
            return bits
        return values

    def cell(self, row: int, index: int, branch: Branch, value: Any) -> Cell:
        """Return a cell of a row.

        Args:
            row: Row of the frame's table.
            index: The column.
            branch: The row's place in the tree.
            value: What the cell is made from.
        """
        column, look = self.layout.columns[index], self.look
        if column.id == "command":
            return (_GAP, *_branch_runs(look, branch), *command_runs(value, look))
        if isinstance(value, _Written):
            text, level = value
        else:
            text, level = column.text(self.frame, row), column.level(self.frame, row)
        if branch.hidden and column.sums and text != NOTHING_KNOWN:
            text = f"+{text}"
        if text == NOTHING_KNOWN:
            level = Level.FAINT
        shown = _aligned(text, self.layout.widths[index], left=column.left)
        if level is Level.PLAIN:
            return ((shown, Style.null()),)
        return ((shown, look.theme.styles[_ROLE_OF_LEVEL[level]]),)

    def line(self, row: int, cells: Iterable[Cell], sign: str = "") -> Line:
        """Return the cells of a row as a line, with a sign in the gap before it."""
        runs: list[Run] = []
        pending, pending_style = "", Style.null()
        for run in chain.from_iterable(cells):
            text, style = run
            # An underline must not join two figures.
            is_joined = run is _GAP and not pending_style.underline
            if style is pending_style or is_joined:
                pending += text
            else:
                if pending:
                    runs.append((pending, pending_style))
                pending, pending_style = text, style
        if pending:
            runs.append((pending, pending_style))
        tags = self.look.tags
        if tags and self.frame.sample.processes.identity(row) in tags:
            sign = TAG_SIGN
        if sign:
            return _signed(runs, sign, self.look)
        return tuple(runs)


def draw_row(
    frame: Frame, row: int, layout: Layout, look: RowStyle, branch: Branch = ROOT
) -> Line:
    """Return a row of the process table as a line."""
    maker = RowMaker(frame, layout, look)
    [values] = maker.inputs(np.array([row]))
    cells = [maker.cell(row, index, branch, it) for index, it in enumerate(values)]
    return maker.line(row, cells, branch.sign)


def _signed(runs: list[Run], sign: str, look: RowStyle) -> Line:
    """Return a row with a sign in the gap before its first cell."""
    (text, style), *rest = runs
    role = "warm" if sign == TAG_SIGN else "label"
    return ((sign, look.theme.style(role)), (text.removeprefix(" "), style), *rest)


def _aligned(text: str, width: int, *, left: bool) -> str:
    """Return a cell with its gap; a truncated name ends in `+`; numbers never are."""
    if not left:
        return " " * (width + 1 - cell_width(text)) + text
    if cell_width(text) > width:
        return f" {fit(text, width - 1)}+"
    return " " + fit(text, width)


def _branch_runs(look: RowStyle, branch: Branch) -> list[Run]:
    """Return the tree lines of a row, and its number of hidden rows."""
    styles, hidden = look.theme.styles, branch.hidden
    runs: list[Run] = [(branch.lineage, styles["tree"])] if branch.lineage else []
    return [*runs, (fold_mark(hidden), styles["notice"])] if hidden else runs


def fold_mark(hidden: int) -> str:
    """Return the mark of a folded branch, with its gap."""
    return f"[+{hidden}] "


def branches_of(
    projection: Projection, first: int, count: int, *, ascii_only: bool
) -> list[Branch]:
    """Return the places in the tree of the rows at positions `first`..."""
    if not projection.depth[first : first + count].any() and projection.folded is None:
        return [ROOT] * count
    return [
        Branch(
            lineage_text(flags, ascii_only=ascii_only),
            projection.hidden_at(first + place),
        )
        for place, flags in enumerate(guides(projection, first, count))
    ]


def lineage_text(flags: tuple[bool, ...], *, ascii_only: bool) -> str:
    """Return the lines of the tree in front of a row (`projection.guides`)."""
    if not flags:
        return ""
    passing, tee, corner = (
        ("|  ", "|- ", "`- ") if ascii_only else ("│  ", "├─ ", "└─ ")
    )
    above = "".join(passing if goes_on else "   " for goes_on in flags[:-1])
    return above + (tee if flags[-1] else corner)

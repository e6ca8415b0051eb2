"""The style of the header, and the pieces of its meters."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from rich.style import Style

from montauk_tui.engine.meters import USUAL, Chosen
from montauk_tui.model.frame import Frame
from montauk_tui.model.text import fit
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, Run, line_width

LEAST_BAR: Final = 17
"""Narrowest useful bar with its label."""

MOST_BAR: Final = 50
"""Widest bar: its figure stays near. Cells beyond that show the history."""

LEAST_HISTORY: Final = 16
"""Narrowest useful history beside a bar: half a minute."""

LEAST_GAUGE: Final = 25
"""Narrowest bar with two sizes in it."""


@dataclass(frozen=True, slots=True)
class MeterStyle:
    """Style and size of the header."""

    theme: Theme
    ascii: bool
    width: int
    rows: int
    """Most lines for the CPUs."""
    lines: int = 12
    """Most lines for all meters."""
    chosen: tuple[Chosen, ...] = USUAL

    @property
    def room(self) -> "Room":
        """The size of the header."""
        return Room(self.width, self.rows, self.lines)


class Room(NamedTuple):
    """The size of the header; the fields are those of its style."""

    width: int
    rows: int
    lines: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A meter that draws itself in a given width and height."""

    draw: Callable[[Frame, MeterStyle, int, int], list[Line]]
    """Return at most `height` lines of exactly `width` cells, given both last."""
    least: int
    """Least useful width."""
    height: int = 1
    """Preferred height."""
    grows: bool = False
    """Whether it can use more lines."""
    is_figures: bool = False
    """Whether it is narrow, and may share a line."""


def one_line(
    draw: Callable[[Frame, MeterStyle, int], Line], least: int, *, figures: bool = False
) -> Piece:
    """Return a piece of one line."""
    return Piece(
        lambda frame, look, width, _: [draw(frame, look, width)],
        least,
        is_figures=figures,
    )


def pair(look: MeterStyle, label: str, value: str) -> Line:
    """Return a value with its label."""
    shown: Run = (value, look.theme.style("value"))
    return ((label + " ", look.theme.style("label")), shown) if label else (shown,)


def filled(line: Line, width: int) -> Line:
    """Return a line with exactly `width` cells."""
    missing = width - line_width(line)
    if missing >= 0:
        return (*line, (" " * missing, Style.null())) if missing else line
    runs: list[Run] = []
    for text, style in line:
        cells = line_width(((text, style),))
        runs.append((text if cells <= width else fit(text, max(0, width)), style))
        width -= cells
        if width <= 0:
            break
    return tuple(runs)


def heat_role(share: float, usual: str) -> str:
    """Return the role of a share from 0 to 1."""
    if math.isnan(share) or share < 0.5:  # noqa: PLR2004
        return usual
    return "hot" if share >= 0.8 else "warm"  # noqa: PLR2004

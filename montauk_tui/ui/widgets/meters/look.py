"""How the header is drawn, and the pieces that its meters are."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.style import Style

from montauk_tui.engine.meters import USUAL, Chosen
from montauk_tui.model.text import fit
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, Run, line_width

LEAST_BAR: Final = 17
"""Narrowest bar with its label that still says something."""

LEAST_GAUGE: Final = 25
"""Narrowest bar with two sizes in it."""


@dataclass(frozen=True, slots=True)
class MeterLook:
    """How the header is drawn, and how much room it has."""

    theme: Theme
    ascii: bool
    width: int
    rows: int
    """Most lines for the CPUs."""
    lines: int = 12
    """Most lines for all meters."""
    chosen: tuple[Chosen, ...] = USUAL


@dataclass(frozen=True, slots=True)
class Piece:
    """A meter that draws itself into a place of some width and height."""

    draw: Callable[[int, int], list[Line]]
    """Return at most `height` lines of exactly `width` cells, given both."""
    least: int
    """Cells below which it says too little."""
    height: int = 1
    """Lines that it wants."""
    grows: bool = False
    """Whether it can use more lines than it wants."""
    is_figures: bool = False
    """Whether it has no use for much width, and may share a line."""


def one_line(
    draw: Callable[[int], Line], least: int, *, figures: bool = False
) -> Piece:
    """Return a piece of one line."""
    return Piece(lambda width, _: [draw(width)], least, is_figures=figures)


def pair(look: MeterLook, label: str, value: str) -> Line:
    """Return a value with the word for it."""
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
    """Return the role of a share of 0 to 1 of which much is worth a look."""
    if math.isnan(share) or share < 0.5:  # noqa: PLR2004
        return usual
    return "hot" if share >= 0.8 else "warm"  # noqa: PLR2004

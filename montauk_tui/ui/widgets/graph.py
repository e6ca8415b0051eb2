"""Numbers over time as text: sparks of one line, and graphs of several.

A graph of braille has two values in a cell and four steps a line. What is unknown is
left blank; what is 0 still has its lowest dot, so the two differ.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

SPARKS: Final = "▁▂▃▄▅▆▇█"
SPARKS_ASCII: Final = "_.-~=+*#"

_STEPS: Final = 4
"""Dots of a braille cell above each other."""

_BRAILLE: Final = 0x2800
_STANDING: Final = ((0, 0x40, 0x44, 0x46, 0x47), (0, 0x80, 0xA0, 0xB0, 0xB8))
_HANGING: Final = ((0, 0x01, 0x03, 0x07, 0x47), (0, 0x08, 0x18, 0x38, 0xB8))
"""Dots of the left and the right half of a cell, by how many there are."""

_ASCII_CELLS: Final = " .:|"


def sparks(values: Iterable[float], most: float, *, ascii_only: bool) -> str:
    """Return a cell for each value; the highest cell means `most`."""
    signs = SPARKS_ASCII if ascii_only else SPARKS
    levels = (_level(value, most, len(signs)) for value in values)
    return "".join(signs[level - 1] if level else " " for level in levels)


def graph(
    values: Sequence[float],
    most: float,
    size: tuple[int, int],
    *,
    ascii_only: bool,
    hanging: bool = False,
) -> list[str]:
    """Return the lines of a graph, the newest value at its right end.

    Args:
        values: The oldest first; those that have no room are left out.
        most: What the highest dot means.
        size: Cells and lines.
        ascii_only: Whether to draw with ASCII, one value in a cell.
        hanging: Whether it grows downwards; ASCII has no signs for that.
    """
    cells, lines = size
    if cells <= 0 or lines <= 0:
        return [""] * max(0, lines)
    if ascii_only:
        if lines == 1:
            return [sparks(values[-cells:], most, ascii_only=True).rjust(cells)]
        return _ascii_graph(values[-cells:], most, cells, lines)
    levels = [_level(value, most, lines * _STEPS) for value in values[-2 * cells :]]
    levels = [0] * (2 * cells - len(levels)) + levels
    left, right = _HANGING if hanging else _STANDING
    pairs = list(zip(levels[::2], levels[1::2], strict=True))
    drawn: list[str] = []
    for line in range(lines):
        below = _STEPS * (line if hanging else lines - 1 - line)
        drawn.append(
            "".join(
                _braille(left[_clamp(a - below)] | right[_clamp(b - below)])
                for a, b in pairs
            )
        )
    return drawn


def _ascii_graph(
    values: Sequence[float], most: float, cells: int, lines: int
) -> list[str]:
    steps = len(_ASCII_CELLS) - 1
    levels = [_level(value, most, lines * steps) for value in values]
    drawn: list[str] = []
    for line in range(lines):
        below = steps * (lines - 1 - line)
        filled = (_ASCII_CELLS[min(max(at - below, 0), steps)] for at in levels)
        drawn.append("".join(filled).rjust(cells))
    return drawn


def _level(value: float, most: float, levels: int) -> int:
    """Return how high a value stands, 1 to `levels`; 0 for one that is not known."""
    if math.isnan(value):
        return 0
    if value <= 0 or most <= 0:
        return 1
    return 1 + min(levels - 1, int(value / most * (levels - 0.01)))


def _clamp(dots: int) -> int:
    return min(max(dots, 0), _STEPS)


def _braille(dots: int) -> str:
    return chr(_BRAILLE + dots) if dots else " "

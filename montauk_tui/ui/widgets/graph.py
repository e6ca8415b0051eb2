"""Numbers over time as text: sparks of one line, and graphs of several.

A braille graph has two values per cell and four steps per line. Unknown values are
blank; 0 has the lowest dot, so the two differ.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from montauk_tui.model.schema import Floats, Ints

SPARKS: Final = "▁▂▃▄▅▆▇█"
SPARKS_ASCII: Final = "_.-~=+*#"

_STEPS: Final = 4
"""Rows of dots in a braille cell."""

_UNICODE: Final = "utf-32-le"


def _cells(left: Sequence[int], right: Sequence[int]) -> Ints:
    """Return the characters by dots on the left and on the right, (5, 5)."""
    dots = np.array(left)[:, None] | np.array(right)
    return np.where(dots > 0, 0x2800 + dots, ord(" "))


_STANDING: Final = _cells((0, 0x40, 0x44, 0x46, 0x47), (0, 0x80, 0xA0, 0xB0, 0xB8))
_HANGING: Final = _cells((0, 0x01, 0x03, 0x07, 0x47), (0, 0x08, 0x18, 0x38, 0xB8))
_ASCII: Final = np.array([ord(sign) for sign in " .:|"])


def sparks(values: Iterable[float], most: float, *, ascii_only: bool) -> str:
    """Return one cell per value; the highest cell is `most`."""
    signs = " " + (SPARKS_ASCII if ascii_only else SPARKS)
    levels = _levels(list(values), most, len(signs) - 1).tolist()
    return "".join([signs[level] for level in levels])


def stretched(points: Floats, columns: int) -> Floats:
    """Return points over as many columns, the highest where there are fewer."""
    if columns <= 0:
        return points[:0]
    starts = np.arange(columns) * len(points) // columns
    columned: Floats = np.fmax.reduceat(points, starts)
    return columned


def graph(
    values: Sequence[float] | Floats,
    most: float,
    size: tuple[int, int],
    *,
    ascii_only: bool,
    hanging: bool = False,
) -> list[str]:
    """Return the lines of a graph, the newest value at its right end.

    Args:
        values: The oldest first; those that do not fit are dropped.
        most: The value of the highest dot.
        size: Cells and lines.
        ascii_only: Whether to draw with ASCII, one value in a cell.
        hanging: Whether it grows downwards; not with ASCII.
    """
    cells, lines = size
    if cells <= 0 or lines <= 0:
        return [""] * max(0, lines)
    if ascii_only:
        if lines == 1:
            return [sparks(values[-cells:], most, ascii_only=True).rjust(cells)]
        return _ascii_graph(values[-cells:], most, cells, lines)
    return _braille_graph(
        values[-2 * cells :], most, (cells, lines), _HANGING if hanging else _STANDING
    )


def _braille_graph(
    values: Sequence[float] | Floats, most: float, size: tuple[int, int], signs: Ints
) -> list[str]:
    cells, lines = size
    levels = np.zeros(2 * cells, dtype=np.int64)
    levels[len(levels) - len(values) :] = _levels(values, most, lines * _STEPS)
    order = np.arange(lines) if signs is _HANGING else np.arange(lines)[::-1]
    above = levels - _STEPS * order[:, np.newaxis]
    dots = np.minimum(np.maximum(above, 0), _STEPS)
    return [_text(line) for line in signs[dots[:, ::2], dots[:, 1::2]]]


def _ascii_graph(
    values: Sequence[float] | Floats, most: float, cells: int, lines: int
) -> list[str]:
    steps = len(_ASCII) - 1
    levels = _levels(values, most, lines * steps)
    return [
        _text(_ASCII[np.clip(levels - line * steps, 0, steps)]).rjust(cells)
        for line in range(lines - 1, -1, -1)
    ]


def _levels(values: Sequence[float] | Floats, most: float, levels: int) -> Ints:
    """Return the levels of values, 1 to `levels`; 0 for unknown ones."""
    numbers: Floats = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(numbers)
    share = np.where(known, numbers, 0.0) / most if most > 0 else np.zeros(len(numbers))
    share = np.minimum(np.maximum(share, 0.0), 1.0)
    heights = 1 + (share * (levels - 0.01)).astype(np.int64)
    return np.where(known, heights, 0)


def _text(characters: Ints) -> str:
    return characters.astype("<u4").tobytes().decode(_UNICODE)

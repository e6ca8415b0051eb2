"""A graph with its value, its scale and the times at its ends."""

from typing import Final

from montauk_tui.engine.summary.items import Graph
from montauk_tui.model.text import fit
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.graph import graph, stretched
from montauk_tui.ui.widgets.lines import Line, line_width, spread

_AXIS: Final = 6
"""Cells at the left."""
_LEAST_WITH_AXES: Final = 3
"""Lines of a graph."""
_ROLES: Final = {"cpu": "bar_user", "memory": "mem_used", "io": "mem_used"}


def graph_line_count(height: int) -> int:
    """Return how many lines a graph takes that is `height` high."""
    return 1 + height + (height >= _LEAST_WITH_AXES)


def graph_lines(
    item: Graph,
    size: tuple[int, int],
    label_width: int,
    theme: Theme,
    *,
    ascii_only: bool,
) -> list[Line]:
    """Return the value, the history over the whole width, and the axes if it is high.

    Args:
        item: What to draw.
        size: Cells, and lines of the history itself.
        label_width: Cells before the value.
        theme: Its colours.
        ascii_only: Whether to draw with ASCII.
    """
    width, height = size
    axis = _AXIS if height >= _LEAST_WITH_AXES else 0
    cells = width - axis
    head = _head(item, label_width, width, theme, has_axis=axis > 0)
    points = stretched(item.points, cells if ascii_only else 2 * cells)
    style = theme.style(_ROLES[item.role])
    lines = graph(points, item.full, (cells, height), ascii_only=ascii_only)
    if not axis:
        return [head, *(((line, style),) for line in lines)]
    faint = theme.style("faint")
    side, corner, rule = ("|", "+", "-") if ascii_only else ("│", "└", "─")
    scale = [f"{item.top:>{_AXIS - 1}}", *[" " * (_AXIS - 1)] * (height - 1)]
    begin, end = f" {item.begin} ", f" {item.end} "
    gap = rule * max(0, cells - len(begin) - len(end) - 2)
    return [
        head,
        *(
            ((f"{left}{side}", faint), (line, style))
            for left, line in zip(scale, lines, strict=True)
        ),
        ((f"{'0':>{_AXIS - 1}}{corner}{rule}{begin}{gap}{end}{rule}", faint),),
    ]


def _head(
    item: Graph, label_width: int, width: int, theme: Theme, *, has_axis: bool
) -> Line:
    label = (fit(item.label, label_width), theme.style("label"))
    value = (item.text, theme.style("value"))
    note = item.note if has_axis or not item.note else f"{item.note}, of {item.top}"
    peak = (note, theme.style("faint"))
    left: Line = (label, value)
    if line_width((*left, peak)) >= width:
        return left
    return spread(left, (peak,), width)

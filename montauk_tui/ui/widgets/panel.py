"""The panel beside the table: a summary of the selected row."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Final, NamedTuple

from rich.style import Style

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.summary.items import Fact, Graph, Item, Summary
from montauk_tui.model.lookups import Command
from montauk_tui.model.text import cell_width, fit, split_at
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.graph import graph
from montauk_tui.ui.widgets.lines import Line, Run, line_width, spread

_LABEL: Final = 10
_MOST_LINES: Final = 4
"""Of one value."""

_ROLES: Final = {
    Level.FAINT: "faint", Level.NOTICE: "notice", Level.WARM: "warm", Level.HOT: "hot",
}  # fmt: skip
_GRAPH_ROLES: Final = {"cpu": "bar_user", "memory": "mem_used"}


class PanelStyle(NamedTuple):
    """How the panel is drawn."""

    theme: Theme
    ascii: bool
    width: int
    height: int

    @property
    def inner(self) -> int:
        """Cells between the left rule and the edge."""
        return self.width - 3


class _Density(NamedTuple):
    """Heights of the parts."""

    command: int
    """Lines."""
    graph: int
    is_airy: bool
    """Whether blank lines separate groups."""


class MadeLines:
    """Lines of the panel that were made: what did not change is not made again."""

    def __init__(self) -> None:
        """Start empty."""
        self._look: PanelStyle | None = None
        self._made: dict[Hashable, list[Line]] = {}
        self._before: dict[Hashable, list[Line]] = {}
        self.count = 0
        """Counts the items made, for tests and benchmarks."""

    def begin(self, look: PanelStyle) -> None:
        """Begin a panel: what neither this nor the last one shows is dropped."""
        self._before = self._made if look == self._look else {}
        self._look, self._made = look, {}

    def lines(self, key: Hashable, make: Callable[[], list[Line]]) -> list[Line]:
        """Return the lines of an item, given what they are made from."""
        found = self._made.get(key) or self._before.get(key)
        if found is None:
            self.count += 1
            found = make()
        self._made[key] = found
        return found


def draw_panel(
    summary: Summary | None, look: PanelStyle, made: MadeLines | None = None
) -> list[Line]:
    """Return the lines of the panel; without a summary it is empty.

    On low screens graphs and the command shrink first, then blank lines go, and finally
    the lower parts are dropped.
    """
    made = made or MadeLines()
    made.begin(look)
    body: list[Line] = []
    if summary is not None:
        graph = max(1, min(4, (look.height - 20) // 4))
        for density in (
            _Density(6, graph, is_airy=True),
            _Density(3, min(2, graph), is_airy=True),
            _Density(2, 1, is_airy=True),
            _Density(2, 1, is_airy=False),
        ):
            body = _body(summary, look, density, made)
            if len(body) < look.height:
                break
    named = summary and (summary.name, summary.number)
    title = made.lines(named, lambda: [_title(named, look)])
    body += [_ruled((), look)] * (look.height - 1 - len(body))
    return [*title, *body[: look.height - 1]]


def _ruled(line: Line, look: PanelStyle) -> Line:
    """Return a line of the body, with the rule at its left."""
    return (("| " if look.ascii else "│ ", look.theme.style("tree")), *line)


def _title(named: tuple[str, str] | None, look: PanelStyle) -> Line:
    """Return name and number on the background of the table's titles."""
    header = look.theme.style("header")
    if named is None:
        return ((" " * look.width, header),)
    number = f" {named[1]}"
    name = _cut(named[0], look.inner - cell_width(number))
    used = 2 + cell_width(name + number)
    return (
        ("  ", header),
        (name, header + Style(bold=True)),
        (number + " " * max(0, look.width - used), header),
    )


def _cut(text: str, room: int) -> str:
    """Return text in at most `room` cells; `+` marks a truncation."""
    if cell_width(text) <= room:
        return text
    return fit(text, max(0, room - 1)).rstrip() + "+"


def _body(
    summary: Summary, look: PanelStyle, density: _Density, made: MadeLines
) -> list[Line]:
    """Return the lines below the title, as many as there are."""

    def ruled(key: Hashable, make: Callable[[], list[Line]]) -> list[Line]:
        return made.lines(key, lambda: [_ruled(line, look) for line in make()])

    said, level, command = summary.said, summary.level, summary.command
    lines = [*ruled((said, level), lambda: [_said(said, level, look)])]
    if command is not None:
        most = density.command
        lines += ruled((command, most), lambda: _command(command, look, most))
    for group in summary.groups:
        if group:
            lines += [_ruled((), look)] * density.is_airy
        for item in group:
            key = item.key if isinstance(item, Graph) else item
            lines += ruled((key, density), partial(_item, item, look, density))
    return lines


def _said(said: str, level: Level, look: PanelStyle) -> Line:
    return ((_cut(said, look.inner), _style(look, level)),)


def _style(look: PanelStyle, level: Level) -> Style:
    return look.theme.style(_ROLES[level]) if level in _ROLES else Style.null()


def _command(command: Command, look: PanelStyle, most: int) -> list[Line]:
    """Return the command line in a few lines, the program's name highlighted."""
    parts = _wrapped(command.text, look.inner, most)
    text = command.text
    lines: list[Line] = []
    at = 0
    for part in parts:
        # A space at a line break is in no part.
        at = max(at, text.find(part.rstrip("+") or part, at))
        lines.append(_marked(part, at, command, look))
        at += len(part)
    return lines


def _marked(part: str, at: int, command: Command, look: PanelStyle) -> Line:
    """Return a part of a command that starts at its character `at`."""
    start = max(0, min(len(part), command.name_start - at))
    end = max(start, min(len(part), command.name_end - at))
    runs = (
        (part[:start], look.theme.style("path")),
        (part[start:end], look.theme.style("name")),
        (part[end:], look.theme.style("arguments")),
    )
    return tuple(run for run in runs if run[0])


def _wrapped(text: str, room: int, most: int) -> list[str]:
    """Return a text in at most `most` lines; `+` marks a truncation."""
    parts: list[str] = []
    rest = text
    while rest and len(parts) < most:
        part, rest = split_at(rest, room)
        parts.append(part)
    if rest:
        parts[-1] = _cut(f"{parts[-1]} {rest}", room)
    return parts


def _listed(text: str, joint: str, room: int) -> list[str]:
    """Return a list in lines, broken between its parts if possible.

    Parts that do not fit are dropped before the last one.
    """
    lines = [""]
    for part in text.replace(joint, f"{joint}\0").split("\0"):
        if lines[-1] and cell_width((lines[-1] + part).rstrip()) > room:
            lines.append("")
        lines[-1] += part
    if len(lines) > _MOST_LINES:
        last = lines[-1].rpartition(joint)[2]
        lines[_MOST_LINES - 1 :] = [f"...{joint}{last}"]
    return [_cut(line.rstrip(), room) for line in lines]


def _item(item: Item, look: PanelStyle, density: _Density) -> list[Line]:
    label: Run = (fit(item.label, _LABEL), look.theme.style("label"))
    if isinstance(item, Graph):
        return [_graph_head(item, label, look), *_history(item, look, density)]
    return _fact(item, label, look)


def _fact(fact: Fact, label: Run, look: PanelStyle) -> list[Line]:
    room = look.inner - _LABEL
    if fact.joint:
        parts = _listed(fact.text, fact.joint, room)
    else:
        parts = _wrapped(fact.text, room, _MOST_LINES)
    style = _style(look, fact.level)
    indent: Run = (" " * _LABEL, Style.null())
    heads = [label, *[indent] * (len(parts) - 1)]
    return [(head, (part, style)) for head, part in zip(heads, parts, strict=True)]


def _graph_head(graph: Graph, label: Run, look: PanelStyle) -> Line:
    value = (graph.text, look.theme.style("value"))
    peak = (graph.note, look.theme.style("faint"))
    left: Line = (label, value)
    if line_width((*left, peak)) >= look.inner:
        return left
    return spread(left, (peak,), look.inner)


def _history(history: Graph, look: PanelStyle, density: _Density) -> list[Line]:
    """Return the history, the latest at the right; that of memory is lower."""
    height = density.graph if history.role == "cpu" else max(1, density.graph // 2)
    size = (look.inner, height)
    style = look.theme.style(_GRAPH_ROLES[history.role])
    points = history.points.tolist()
    return [
        ((line, style),)
        for line in graph(points, history.full, size, ascii_only=look.ascii)
    ]

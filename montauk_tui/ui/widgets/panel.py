"""The panel beside the table: a summary of the selected row."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Final, NamedTuple

from rich.style import Style

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.summary.items import (
    Entry,
    Fact,
    Graph,
    Listing,
    Summary,
)
from montauk_tui.model.lookups import Command
from montauk_tui.model.text import cell_width, fit, split_at
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.axes import graph_line_count, graph_lines
from montauk_tui.ui.widgets.lines import Line, Run

_LABEL: Final = 10
_MOST_LINES: Final = 4
"""Of one value."""

_ROLES: Final = {
    Level.FAINT: "faint", Level.NOTICE: "notice", Level.WARM: "warm", Level.HOT: "hot",
}  # fmt: skip


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

    def height(self, role: str) -> int:
        """Return the lines of a graph; that of memory changes little: it is lower."""
        return self.graph if role == "cpu" else self.graph - self.graph // 3

    @property
    def least_listed(self) -> int:
        """Lines of lists that matter more than graphs as high."""
        return 2 * self.graph + 2 if self.graph > 1 else 0


_DENSITIES: Final = (
    _Density(6, 6, is_airy=True),
    _Density(4, 5, is_airy=True),
    _Density(4, 4, is_airy=True),
    _Density(3, 2, is_airy=True),
    _Density(2, 1, is_airy=True),
    _Density(2, 1, is_airy=False),
)


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

    On low screens graphs and the command shrink first, then lists, then blank lines go,
    and finally the lower parts are dropped.
    """
    made = made or MadeLines()
    made.begin(look)
    body: list[Line] = []
    if summary is not None:
        density = _density(summary, look, made)
        body = _body(summary, look, density, made)
        body += _lists(summary, look, density, made, look.height - 1 - len(body))
    named = summary and (summary.name, summary.number)
    title = made.lines(named, lambda: [_title(named, look)])
    body += [_ruled((), look)] * (look.height - 1 - len(body))
    return [*title, *body[: look.height - 1]]


def _density(summary: Summary, look: PanelStyle, made: MadeLines) -> _Density:
    """Return the first density for which there is room, without drawing graphs."""
    wanted = sum(1 + len(it.heads) + len(it.entries) for it in summary.lists)
    groups = [group for group in summary.groups if group]
    items = [item for group in groups for item in group]
    facts = [item for item in items if isinstance(item, Fact)]
    graphs = [item for item in items if isinstance(item, Graph)]
    fixed = 1 + sum(len(_fact(fact, look, made)) for fact in facts)
    for density in _DENSITIES:
        length = fixed + len(groups) * density.is_airy
        length += len(_command(summary.command, look, made, density.command))
        for one in graphs:
            height = density.height(one.role)
            length += graph_line_count(height)
        if length + min(wanted, density.least_listed) < look.height:
            return density
    return _DENSITIES[-1]


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
    said, level = summary.said, summary.level
    lines = [*made.lines((said, level), partial(_said, said, level, look))]
    lines += _command(summary.command, look, made, density.command)
    for group in summary.groups:
        if group:
            lines += [_ruled((), look)] * density.is_airy
        for item in group:
            if isinstance(item, Fact):
                lines += _fact(item, look, made)
                continue
            height = density.height(item.role)
            key = (item.key, height)
            lines += made.lines(key, partial(_graph, item, look, height))
    return lines


def _lists(
    summary: Summary, look: PanelStyle, density: _Density, made: MadeLines, room: int
) -> list[Line]:
    """Return the lists in at most `room` lines, each with as many as another."""
    lines: list[Line] = []
    left = list(summary.lists)
    while left:
        one = left.pop(0)
        others = sum(density.is_airy + len(it.heads) + len(it.entries) for it in left)
        share = max(room // (len(left) + 1), room - others) - density.is_airy
        made_of = _listing(one, look, made, share)
        if made_of:
            made_of = [_ruled((), look)] * density.is_airy + made_of
        lines += made_of
        room -= len(made_of)
    return lines


def _listing(
    listing: Listing, look: PanelStyle, made: MadeLines, room: int
) -> list[Line]:
    """Return the heads and as many entries as there is room for, and how many more."""
    lines: list[Line] = []
    for head in listing.heads:
        lines += _fact(head, look, made)
    fitting = min(len(listing.entries), room - len(lines))
    if fitting < listing.total:
        fitting = max(0, min(fitting, room - len(lines) - 1))
    for entry in listing.entries[:fitting]:
        lines += made.lines(entry, partial(_entry, entry, look))
    more = listing.total - fitting
    if more and fitting > 0:
        lines += made.lines(("more", more), partial(_more, more, look))
    return lines[: max(0, room)]


def _entry(entry: Entry, look: PanelStyle) -> list[Line]:
    """Return a process of a list: its CPU% in the column of labels, or its exit."""
    theme = look.theme
    role = _ROLES.get(entry.level, "")
    front = theme.style(role) if role else Style.null()
    if not entry.number:
        name = _cut(entry.name + entry.arguments, look.inner - len(entry.front) - 1)
        command: Line = ((name, theme.style("arguments")),)
        return [_ruled(((f"{entry.front} ", front), *command), look)]
    number = f"{entry.number} "
    room = look.inner - _LABEL - len(number)
    text = _cut(entry.name + entry.arguments, room)
    end = len(entry.name)
    return [
        _ruled(
            (
                (f"{entry.front:>{_LABEL - 2}}  ", front),
                (number, theme.style("label")),
                (text[:end], theme.style("name")),
                (text[end:], theme.style("arguments")),
            ),
            look,
        )
    ]


def _more(count: int, look: PanelStyle) -> list[Line]:
    text = f"{' ' * _LABEL}and {count} more"
    return [_ruled(((text, look.theme.style("faint")),), look)]


def _said(said: str, level: Level, look: PanelStyle) -> list[Line]:
    return [_ruled(((_cut(said, look.inner), _style(look, level)),), look)]


def _style(look: PanelStyle, level: Level) -> Style:
    return look.theme.style(_ROLES[level]) if level in _ROLES else Style.null()


def _command(
    command: Command | None, look: PanelStyle, made: MadeLines, most: int
) -> list[Line]:
    """Return the command line in at most `most` lines, nothing without one."""
    if command is None:
        return []
    return made.lines((command, most), partial(_make_command, command, look, most))


def _make_command(command: Command, look: PanelStyle, most: int) -> list[Line]:
    """Return the command line, the program's name highlighted."""
    parts = _wrapped(command.text, look.inner, most)
    text = command.text
    lines: list[Line] = []
    at = 0
    for part in parts:
        # A space at a line break is in no part.
        at = max(at, text.find(part.rstrip("+") or part, at))
        lines.append(_ruled(_marked(part, at, command, look), look))
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


def _graph(item: Graph, look: PanelStyle, height: int) -> list[Line]:
    size = (look.inner, height)
    lines = graph_lines(item, size, _LABEL, look.theme, ascii_only=look.ascii)
    return [_ruled(line, look) for line in lines]


def _fact(fact: Fact, look: PanelStyle, made: MadeLines) -> list[Line]:
    return made.lines(fact, partial(_make_fact, fact, look))


def _make_fact(fact: Fact, look: PanelStyle) -> list[Line]:
    label = _label(fact.label, look)
    room = look.inner - _LABEL
    if fact.joint:
        parts = _listed(fact.text, fact.joint, room)
    else:
        parts = _wrapped(fact.text, room, _MOST_LINES)
    style = _style(look, fact.level)
    indent: Run = (" " * _LABEL, Style.null())
    heads = [label, *[indent] * (len(parts) - 1)]
    return [
        _ruled((head, (part, style)), look)
        for head, part in zip(heads, parts, strict=True)
    ]


def _label(text: str, look: PanelStyle) -> Run:
    return fit(text, _LABEL), look.theme.style("label")

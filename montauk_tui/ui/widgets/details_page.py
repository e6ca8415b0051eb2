"""The details page as lines: headings, labelled values, tables, graphs.

A value that does not fit continues on the next line, so nothing is truncated.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from rich.style import Style

from montauk_tui.engine.details import ProcessHistory, value_text
from montauk_tui.model.details import Amount, Datum, Details, Section, Table, Value
from montauk_tui.model.text import cell_width, fit, split_at
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.axes import graph_lines
from montauk_tui.ui.widgets.lines import Line, Run, line_width, visible

_INDENT: Final = 1
_LABEL_WIDTH: Final = 22
_LEAST_FOR_LABELS: Final = 50
_NARROW: Final = 60
_COLUMN_WIDTH: Final = 38
_MOST_COLUMNS: Final = 3
_MOST_LONG: Final = 0.35
"""Share of a section's values that may be too long for columns."""
_GRAPH_LABEL: Final = 8
_LEAST_FOR_COLUMNS: Final = 117
"""Cells of the page: the screen has three more."""
_GUTTER: Final = 3
_GRAPHS: Final = 3
"""Beside each other."""
_LEFT: Final = ("exit", "process", "memory", "limits", "cgroup")
_RIGHT: Final = (
    "usage", "scheduling", "kernel", "namespaces", "capabilities", "signals",
)  # fmt: skip
"""Sections beside each other; the others need the whole width."""
_LEADING: Final = frozenset(
    ("State", "User", "Parent", "User CPU", "System CPU", "Threads", "RSS", "PSS",
     "Swap", "Read from storage", "Written to storage"),
)  # fmt: skip
"""Labels of values that one looks for first."""


class PageStyle(NamedTuple):
    """How a page is drawn."""

    theme: Theme
    ascii: bool
    width: int
    machine_cpus: int = 0
    """Number of CPUs that are 100 %, 0 for one."""


@dataclass(slots=True)
class Page:
    """The lines of a page, and the positions of sections and texts."""

    lines: list[Line] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    """Line and lower-case text of everything searchable."""
    headings: dict[str, int] = field(default_factory=dict)
    """Line of each section."""

    def add(self, lines: Iterable[Line], searched: str) -> None:
        """Add the lines of one searchable item."""
        self.texts.append((len(self.lines), searched.lower()))
        self.lines.extend(lines)

    def put_beside(self, left: "Page", right: "Page", at: int) -> None:
        """Add two pages beside each other, the right one from the cell `at` on."""
        if self.lines:
            self.lines.append(())
        top = len(self.lines)
        pairs = zip_longest(left.lines, right.lines, fillvalue=())
        self.lines += [
            (*visible(one, at), *other) if other else one for one, other in pairs
        ]
        for page in (left, right):
            self.texts += [(top + line, text) for line, text in page.texts]
            self.headings |= {it: top + line for it, line in page.headings.items()}
        self.texts.sort(key=itemgetter(0))


def lay_out(details: Details, history: ProcessHistory, look: PageStyle) -> Page:
    """Return the page: the graphs, two columns where there is room, and the lists."""
    page = Page(_band(history, look, only_known=not details.is_read))
    if look.width < _LEAST_FOR_COLUMNS:
        _add_sections(page, details.sections, look)
        return page
    cell = (look.width - _GUTTER) // 2
    narrow = look._replace(width=cell)
    left, right = Page(), Page()
    _add_sections(left, [it for it in details.sections if it.id in _LEFT], narrow)
    _add_sections(right, [it for it in details.sections if it.id in _RIGHT], narrow)
    page.put_beside(left, right, cell + _GUTTER)
    beside = (*_LEFT, *_RIGHT)
    _add_sections(page, [it for it in details.sections if it.id not in beside], look)
    return page


def _add_sections(page: Page, sections: Iterable[Section], look: PageStyle) -> None:
    for section in sections:
        if page.lines:
            page.lines.append(())
        page.headings[section.id] = len(page.lines)
        page.add([_heading(section, look)], section.title)
        if section.reason:
            faint = look.theme.style("faint")
            page.add(_wrapped((), section.reason, faint, _INDENT, look), section.reason)
        _add_data(page, section, look)
        if section.table is not None:
            _add_table(page, section.table, look)


def _band(history: ProcessHistory, look: PageStyle, *, only_known: bool) -> list[Line]:
    """Return CPU use, memory and I/O side by side, one below the other if narrow."""
    graphs = [
        one
        for one in history.graphs(look.machine_cpus)
        if not only_known or np.isfinite(one.points).any()
    ]
    if not graphs:
        return []
    is_narrow = look.width < _NARROW
    width = look.width if is_narrow else (look.width - 2 * _GUTTER) // _GRAPHS
    height = 1 if is_narrow else 4 if look.width >= _LEAST_FOR_COLUMNS else 3
    size = (width, height)
    drawn = [
        graph_lines(one, size, _GRAPH_LABEL, look.theme, ascii_only=look.ascii)
        for one in graphs
    ]
    if is_narrow:
        return [line for lines in drawn for line in lines]
    together = zip(*drawn, strict=True)
    return [_beside(lines, width + _GUTTER) for lines in together]


def _heading(section: Section, look: PageStyle) -> Line:
    theme = look.theme
    note = f"  {section.note}" if section.note else ""
    rule = "-" if look.ascii else "─"
    left = cell_width(section.title + note) + 1
    rest = " " + rule * max(0, look.width - left - 2)
    return (
        (section.title, theme.style("title")),
        (note, theme.style("faint")),
        (rest, theme.style("tree")),
    )


# --- labelled values ------------------------------------------------------------------


def _add_data(page: Page, section: Section, look: PageStyle) -> None:
    """Add values, in columns if most of them are short."""
    data = section.data
    if not data:
        return
    longest = max(cell_width(datum.label) for datum in data)
    most = _LABEL_WIDTH if look.width >= _LEAST_FOR_LABELS else 14
    label_width = min(longest, most) + 2
    columns = 1 if section.is_list else _column_count(data, label_width, look)
    cell = look.width // columns
    waiting: list[tuple[Line, str]] = []

    def flush() -> None:
        if waiting:
            texts = " ".join(text for _, text in waiting)
            page.add([_beside([line for line, _ in waiting], cell)], texts)
            waiting.clear()

    for datum in data:
        runs = _value_runs(datum, look)
        text = f"{datum.label} {''.join(part for part, _ in runs)}"
        label = _label_run(datum.label, label_width, look)
        used = _INDENT + cell_width(label[0]) + sum(cell_width(t) for t, _ in runs)
        if columns > 1 and used < cell - 1:
            waiting.append((((" " * _INDENT, Style.null()), label, *runs), text))
            if len(waiting) == columns:
                flush()
        else:
            flush()
            page.add(_long(label, runs, label_width, look), text)
    flush()


def _column_count(data: Sequence[Datum], label_width: int, look: PageStyle) -> int:
    widths = [
        _INDENT
        + max(label_width, cell_width(datum.label) + 2)
        + sum(cell_width(text) for text, _ in _value_runs(datum, look))
        for datum in data
    ]
    for columns in range(min(_MOST_COLUMNS, look.width // _COLUMN_WIDTH), 1, -1):
        too_long = sum(width >= look.width // columns - 1 for width in widths)
        if too_long <= _MOST_LONG * len(data):
            return columns
    return 1


def _label_run(label: str, width: int, look: PageStyle) -> Run:
    shown = label if cell_width(label) > width - 2 else fit(label, width)
    if shown is label:
        shown += "  "
    return shown, look.theme.style("label")


def _value_runs(datum: Datum, look: PageStyle) -> list[Run]:
    theme = look.theme
    if datum.value is None:
        return [(datum.reason or "-", theme.style("faint"))]
    style = theme.style("warm") if datum.notable else Style.null()
    if not datum.notable and _is_nothing(datum.value):
        style = theme.style("faint")
    elif not datum.notable and datum.label in _LEADING:
        style = theme.style("value")
    mark = "! " if datum.notable else ""
    runs = [(mark + value_text(datum.value), style)]
    if datum.note:
        runs.append((f"  {datum.note}", theme.style("faint")))
    return runs


def _is_nothing(value: Value) -> bool:
    if isinstance(value, Amount):
        return value.number == 0 or (math.isnan(value.number) and value.limit > 0)
    return value in ("none", "no", "off", "")


def _beside(lines: Sequence[Line], cell: int) -> Line:
    runs: list[Run] = []
    for line in lines[:-1]:
        used = sum(cell_width(text) for text, _ in line)
        runs += [*line, (" " * max(0, cell - used), Style.null())]
    return (*runs, *lines[-1])


def _long(
    label: Run, runs: Sequence[Run], label_width: int, look: PageStyle
) -> list[Line]:
    """Return a value that may need many lines, indented to its start."""
    head: Line = ((" " * _INDENT, Style.null()), label)
    text, style = runs[0]
    indent = _INDENT + label_width
    lines = _wrapped(head, text, style, indent, look)
    if line_width((*lines[-1], *runs[1:])) <= look.width:
        lines[-1] = (*lines[-1], *runs[1:])
    else:
        lines += _wrapped((), runs[1][0].strip(), runs[1][1], indent, look)
    return lines


def _wrapped(
    head: Line, text: str, style: Style, indent: int, look: PageStyle
) -> list[Line]:
    """Return a text in lines; the first after `head`, the others below."""
    indent = min(indent, look.width // 2)
    is_whole_line = not head
    head = head or ((" " * indent, Style.null()),)
    used = sum(cell_width(part) for part, _ in head)
    room = look.width - used
    if not is_whole_line and room < look.width // 3 and cell_width(text) > room:
        # A long label leaves no room: the value starts on the next line.
        return [head, *_wrapped((), text, style, indent, look)]
    lines: list[Line] = []
    while True:
        part, text = split_at(text, max(1, room))
        lines.append((*head, (part, style)))
        if not text:
            return lines
        head, room = ((" " * indent, Style.null()),), look.width - indent


# --- tables ---------------------------------------------------------------------------


def _add_table(page: Page, table: Table, look: PageStyle) -> None:
    """Add a table; its last column takes the rest of the width, in many lines."""
    cells = [tuple(map(value_text, row)) for row in table.rows]
    *fixed, last = range(len(table.titles))
    widths = {
        column: max(
            cell_width(table.titles[column]),
            max((cell_width(row[column]) for row in cells), default=0),
        )
        for column in fixed
    }
    right = {
        column
        for column in range(len(table.titles))
        if any(isinstance(row[column], Amount) for row in table.rows)
    }
    if last in right:
        widths[last] = max(cell_width(row[last]) for row in (table.titles, *cells))
    indent = _INDENT + sum(widths[column] + 2 for column in fixed)
    label = look.theme.style("label")

    def head(row: Sequence[str], style: Style) -> Line:
        parts = [_aligned(row[at], widths[at], right=at in right) for at in fixed]
        return ((" " * _INDENT + "".join(f"{part}  " for part in parts), style),)

    def tail(text: str) -> str:
        return _aligned(text, widths[last], right=True) if last in right else text

    title = (*head(table.titles, label), (tail(table.titles[last]), label))
    page.add([title], " ".join(table.titles))
    arguments = look.theme.style("arguments")
    for row in cells:
        lines = _wrapped(
            head(row, arguments), tail(row[last]), Style.null(), indent, look
        )
        page.add(lines, " ".join(row))


def _aligned(text: str, width: int, *, right: bool) -> str:
    padding = " " * (width - cell_width(text))
    return padding + text if right else text + padding

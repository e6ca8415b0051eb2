"""The help as lines: every key and symbol in columns, made from the bindings."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from rich.style import Style
from textual.binding import Binding

from montauk_tui.ui.bindings import FIRST_MINUTE, OTHER_KEYS, SECTIONS, key_names
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, line_width
from montauk_tui.ui.widgets.process_row import NEW_SIGN, TAG_SIGN

_STATES: Final = (
    "R running  S sleeping  D waiting for I/O  Z zombie  T stopped  t traced  I idle  "
    "X exited"
)
_BAR: Final = "| user  : nice  # system  * interrupts  ~ stolen"
_MEMORY: Final = "| used  # buffers  . cache"
_BUSY: Final = (
    "CPU time in cores:  | live processes  x exited processes  "
    "* interrupts  ? unexplained  . outside this PID namespace"
)
QUERIES: Final = (
    ("nginx|cron", "Text in the command or name; | means or"),
    ("cpu > 10", "= != < <= > >=; with and, or, not, ( )"),
    ("mem >= 1g", "Sizes k m g t; age < 2s: us ms s m h d"),
    ("name ~ ^py", "Regular expression; !~ negates"),
    ("exit != 0", "Exit status; life: time from start to exit"),
    ("parent.pid = 1", "Any field of the parent; Tab completes names"),
)
_SIGNS: Final = (
    ("S", _STATES),
    (TAG_SIGN, "Marks a tagged row"),
    (NEW_SIGN, "Marks a process that started in the last seconds"),
    ("CPU bars", _BAR),
    ("memory bar", _MEMORY),
    ("CPU", _BUSY),
    (
        "Pressure",
        "Share of time in which something waited for CPU, memory or I/O (PSI)",
    ),
    ("87x", "A group of 87 exited processes; Enter opens it"),
    ("[+12]", "A folded branch of 12 hidden rows; figures with a + are sums"),
    ("FORK/s EXIT/s", "Processes started and exited per second, descendants included"),
    ("-", "Unknown: not measured yet, or not permitted"),
)

_LEAST_WIDTHS: Final = (0, 108, 178)
"""Least cells for one column, two and three."""

_LEAST_ALIGNED: Final = 44
"""Cells of a column from which on the meanings are below each other."""

_GAP: Final = 2
"""Cells between a name and its meaning, and between two columns."""

_MOST_NAMES: Final = 20
"""Cells of the column of names; longer names push their meaning to the right."""


class _Topic(NamedTuple):
    """A heading, and what is below it: names with their meanings."""

    heading: str
    entries: Sequence[tuple[str, str]]


def help_lines(bindings: Sequence[Binding], theme: Theme, width: int) -> list[Line]:
    """Return the help for a screen of `width` cells, the most important keys first."""
    count = sum(width >= least for least in _LEAST_WIDTHS)
    each = (width + _GAP) // count - _GAP
    blocks = [list(_block(topic, theme, each)) for topic in _topics(bindings)]
    columns = _flowed(blocks, count)
    return [_beside(parts, each) for parts in zip_longest(*columns, fillvalue=())]


def _topics(bindings: Sequence[Binding]) -> Iterator[_Topic]:
    known = {binding.id or "": binding for binding in bindings}
    first = [known[name] for name in FIRST_MINUTE if name in known]
    yield _Topic("The first minute", [_entry(binding) for binding in first])
    for section, heading in SECTIONS.items():
        entries = [
            _entry(binding)
            for name, binding in known.items()
            if name.startswith(f"{section}.") and name not in FIRST_MINUTE
        ]
        yield _Topic(heading, [*entries, *OTHER_KEYS.get(section, ())])
    yield _Topic("Filters", QUERIES)
    yield _Topic("Symbols", _SIGNS)


def _entry(binding: Binding) -> tuple[str, str]:
    return " ".join(key_names(binding)) or "no key", binding.tooltip


def _block(topic: _Topic, theme: Theme, width: int) -> Iterator[Line]:
    """Yield the lines of a topic, with a blank one after them."""
    yield ((f" {topic.heading}", theme.style("title")),)
    for names, meaning in topic.entries:
        room = min(_MOST_NAMES, max(len(it) for it, _ in topic.entries))
        if width < _LEAST_ALIGNED:
            room = 0
        name = f"  {names:{room}}{'':{_GAP}}"
        indent = " " * (len(name) if len(names) <= room else room + 2 + _GAP)
        first, *others = _wrapped(meaning, width, " " * len(name), indent)
        yield ((name, theme.style("key")), (first[len(name) :], Style.null()))
        for more in others:
            yield ((more, Style.null()),)
    yield ()


def _wrapped(text: str, width: int, first: str, others: str) -> list[str]:
    """Return the lines of a text; a sign and its word stay together."""
    if "  " in text:
        text = "  ".join(part.replace(" ", "\xa0") for part in text.split("  "))
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
    )
    return [line.replace("\xa0", " ") for line in lines]


def _flowed(blocks: Sequence[list[Line]], count: int) -> list[list[Line]]:
    """Return the blocks in `count` columns of nearly equal height, in their order."""
    height = max(map(len, blocks))
    while len(columns := _filled(blocks, height)) > count:
        height += 1
    return columns


def _filled(blocks: Sequence[list[Line]], height: int) -> list[list[Line]]:
    columns: list[list[Line]] = [[]]
    for block in blocks:
        if columns[-1] and len(columns[-1]) + len(block) > height:
            columns.append([])
        columns[-1] += block
    return columns


def _beside(parts: Sequence[Line], width: int) -> Line:
    """Return the lines of columns as one line."""
    line: Line = ()
    for index, part in enumerate(parts):
        blank = index * (width + _GAP) - line_width(line)
        if part:
            line = (*line, (" " * blank, Style.null()), *part)
    return line

"""The timeline: busy cores over the time that keys can go back to."""

from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from rich.style import Style
from textual import events

from montauk_tui.engine.timeline import Cells, cells_of
from montauk_tui.model.recording import Mark, Timeline
from montauk_tui.model.schema import Ints
from montauk_tui.session.state import Session
from montauk_tui.ui.themes import MONOCHROME, Theme
from montauk_tui.ui.widgets.lines import Line, Run, SizedLines

_TALL: Final = 50
_SCALE: Final = 6
"""Cells at the left."""
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_SIGNS: Final = " |x?"
"""Live, exited, unexplained, where colours cannot tell."""
_ROLES: Final = ("bar_user", "bar_nice", "hot")
"""Of the parts, from 1."""
_ROLES_INSIDE: Final = ("bar_user", "bar_nice", "label")
"""In a PID namespace, where what is unexplained is mostly the rest of the machine."""
_NO_PART: Final = 0
_EIGHTHS: Final = 8

_MARKS: Final = (
    (Mark.OOM, "OOM", "alert"),
    (Mark.LOST, "lost", "hot"),
    (Mark.COLLECTOR, "collector", "notice"),
    (Mark.SUSPENDED, "suspended", "notice"),
    (Mark.CLOCK, "time set", "notice"),
)
"""Of a cell the first is shown; failures are dots where the axis is empty."""
_OPENING: Final = 3
"""Cells at the begin in which another collector is ready."""
_NOW: Final = " now"
_TIMES: Final = 12
"""Cells from one time to the next, at least."""


class TimelineLook(NamedTuple):
    """What a timeline depends on beside its moments."""

    theme: Theme
    ascii_only: bool
    cpus: int
    shown_s: float | None
    """The wall clock that the screen shows; None for now."""
    since_s: float | None
    """The wall clock from which on it sums up."""
    is_live: bool
    """Whether the last moment is now."""
    roles: tuple[str, ...] = _ROLES
    """Of live, exited, unexplained."""


def timeline_lines(height: int) -> int:
    """Return the lines of the timeline on a terminal of a height."""
    return 4 if height >= _TALL else 3


def draw_timeline(
    timeline: Timeline, look: TimelineLook, size: tuple[int, int]
) -> tuple[list[Line], Cells | None]:
    """Return the lines, and the cells in them."""
    width, height = size
    faint = look.theme.style("faint")
    cells = cells_of(timeline, width - _SCALE - 1)
    if cells is None or height < 2:  # noqa: PLR2004 - a bar and the axis
        return [()] * height, None
    rows = height - 1
    side, corner = ("|", "+") if look.ascii_only else ("│", "└")
    scale = [f"{look.cpus}".rjust(_SCALE - 1), "cores", *[" " * (_SCALE - 1)] * rows]
    cursor = None if look.shown_s is None else cells.cell_of(look.shown_s)
    bars = _bars(cells, look, rows, cursor)
    lines: list[Line] = [
        ((f"{title}{side}", faint), *runs)
        for title, runs in zip(scale, bars, strict=False)
    ]
    start = (f"{'0':>{_SCALE - 1}}{corner}", faint)
    lines.append((start, *_axis(cells, timeline.note, look, cursor)))
    return lines, cells


def _bars(
    cells: Cells, look: TimelineLook, rows: int, cursor: int | None
) -> list[list[Run]]:
    """Return the lines of the bars, the highest first."""
    plain = look.ascii_only or look.theme.name == MONOCHROME
    steps = 1 if plain else _EIGHTHS
    parts = np.nan_to_num([cells.live, cells.exited, cells.unexplained])
    ends = np.cumsum(parts, axis=0) / max(1, look.cpus)
    levels = np.rint(np.minimum(ends, 1.0) * rows * steps).astype(np.int64)
    # A moment of nothing differs from none.
    is_some = ~np.isnan(cells.live)
    levels[:, is_some] = np.maximum(levels[:, is_some], 0 if plain else 1)
    found = []
    for row in range(rows - 1, -1, -1):
        local = np.clip(levels - row * steps, 0, steps)
        if plain:
            lower = np.where(local[2] > 0, 1 + (local <= 0).sum(axis=0), _NO_PART)
            text = np.array(list(_SIGNS))[lower]
            upper = np.zeros_like(lower)
        else:
            lower, upper, height = _two_parts(local)
            text = np.array(list(_BLOCKS))[height]
        found.append(_runs(text.tolist(), lower, upper, look, cursor))
    return found


def _two_parts(local: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the part at the bottom of each cell, that above it, and where it ends.

    A cell has two colours: what is above the second part is drawn as the larger of
    both.
    """
    ends = np.vstack([local, np.full(local.shape[1], _EIGHTHS)])
    sizes = np.diff(ends, axis=0, prepend=0)
    # The rest of a cell is part 0.
    order = np.array([1, 2, 3, _NO_PART])
    first = (sizes > 0).argmax(axis=0)
    places = np.arange(local.shape[1])
    height = sizes[first, places]
    rest = sizes.copy()
    rest[first, places] = 0
    second = rest.argmax(axis=0)
    lower, upper = order[first], order[second]
    upper[height == _EIGHTHS] = _NO_PART
    height = np.where(lower == _NO_PART, 0, height)
    return lower, np.where(lower == _NO_PART, _NO_PART, upper), height


def _runs(
    text: list[str], lower: Ints, upper: Ints, look: TimelineLook, cursor: int | None
) -> list[Run]:
    parts = len(look.roles) + 1
    codes = lower * parts + upper
    if cursor is not None and 0 <= cursor < len(codes) and not lower[cursor]:
        # A line above the bar: the bar itself says what it says elsewhere.
        codes[cursor] = parts**2
        text[cursor] = ":" if look.ascii_only else "│"
    ends = [*(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    styles = _styles(*map(look.theme.style, (*look.roles, "notice")))
    runs: list[Run] = []
    start = 0
    for end in ends:
        runs.append(("".join(text[start:end]), styles[int(codes[start])]))
        start = end
    return runs


@lru_cache(maxsize=4)
def _styles(*parts: Style) -> list[Style]:
    """Return the style of each pair of parts, then that of the cursor, the last."""
    *inner, cursor = parts
    roles = Style.null(), *inner
    pairs = [
        lower + Style(bgcolor=upper.color) if upper.color else lower
        for lower in roles
        for upper in roles
    ]
    return [*pairs, cursor]


class _Word(NamedTuple):
    """A mark on the axis."""

    cell: int
    text: str
    role: str

    @property
    def places(self) -> range:
        return range(self.cell, self.cell + len(self.text))


def _axis(cells: Cells, note: str, look: TimelineLook, cursor: int | None) -> list[Run]:
    """Return the axis: times, marks, and where the screen is."""
    theme, count = look.theme, len(cells.marks)
    chars = ["-" if look.ascii_only else "─"] * count
    styles = [theme.style("faint")] * count
    words = _words(cells.marks, cursor)
    summed = _summed(cells, look, cursor)
    for cell in summed:
        chars[cell] = "=" if look.ascii_only else "═"
        styles[cell] = theme.style("notice")
    hiding = {*summed, *(place for word in words for place in word.places)}
    if cursor is not None and cursor >= count - len(_NOW):
        hiding.add(cursor)
    taken = _write_times(chars, cells, note, hiding, is_live=look.is_live) | {*summed}
    for cell in np.flatnonzero(cells.marks == Mark.FAILED).tolist():
        if cell not in taken:
            chars[cell] = "." if look.ascii_only else "·"
            styles[cell] = theme.style("warm")
    for word in words:
        chars[word.cell : word.places.stop] = word.text
        styles[word.cell : word.places.stop] = [theme.style(word.role)] * len(word.text)
    if cursor is not None and 0 <= cursor < count:
        chars[cursor] = "^" if look.ascii_only else "▲"
        # The colours of a mark that it hides stay.
        if not cells.marks[cursor] & ~Mark.FAILED:
            styles[cursor] = theme.style("notice")
    return list(zip(chars, styles, strict=True))


def _summed(cells: Cells, look: TimelineLook, cursor: int | None) -> range:
    """Return the cells of a sum, without that of the cursor at its end."""
    if look.since_s is None or cursor is None:
        return range(0)
    begin, end = sorted((cells.cell_of(look.since_s), cursor))
    return range(max(0, begin), min(len(cells.marks), end))


def _words(marks: Ints, cursor: int | None) -> list[_Word]:
    """Return the marks but failures: as a word, or without room as its first letter.

    A blank is left after a word, and it hides neither another mark nor the cursor. The
    collector that was waited for at the begin is no news.
    """
    marks = marks & ~Mark.FAILED
    marks[:_OPENING] &= ~Mark.COLLECTOR
    loud = np.flatnonzero(marks).tolist()
    stops = sorted(
        {*loud, len(marks)} if cursor is None else {*loud, cursor, len(marks)}
    )
    found = []
    for cell in loud:
        text, role = next(it[1:] for it in _MARKS if marks[cell] & it[0])
        stop = next(it for it in stops if it > cell)
        room = stop - cell - (stop < len(marks))
        has_room = len(text) <= room and cell != cursor
        found.append(_Word(cell, text if has_room else text[0].upper(), role))
    return found


def _write_times(
    chars: list[str], cells: Cells, note: str, loud: set[int], *, is_live: bool
) -> set[int]:
    """Write times below their cells, and `now`; return which cells they take.

    What would hide one of the `loud` marks is left out.
    """
    count = len(chars)
    taken: set[int] = set()

    def write(at: int, text: str) -> None:
        places = range(at, at + len(text))
        if at >= 0 and places.stop <= count and loud.isdisjoint(places):
            chars[at : places.stop] = text
            taken.update(places)

    free = count
    if is_live and count >= _TIMES:
        write(count - len(_NOW), _NOW)
        free -= _TIMES
    if note:
        write(1, f" {note} ")
    spacing = -(-_TIMES // 5) * 5
    form = "%H:%M:%S" if spacing * cells.step_s % 60 else "%H:%M"
    for cell in range(len(note) + 3 if note else 0, free):
        wall_s = cells.begin_s + cell * cells.step_s
        if round(wall_s / cells.step_s) % spacing == 0:
            write(cell, f"{datetime.fromtimestamp(wall_s).astimezone():{form}}")
    return taken


class TimelineBar(SizedLines):
    """The timeline; a click or a drag goes to that time."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="timeline")
        self._cells: Cells | None = None
        self._is_held = False

    def show(self, session: Session, theme: Theme) -> None:
        """Draw the past of a session, and which moment of it is shown."""
        frame, past = session.frame, session.past
        if frame is None or past is None or not self.size.height:
            return
        look = TimelineLook(
            theme,
            session.choices.ascii,
            len(frame.sample.host.cpu_ids),
            frame.sample.time_s if frame.is_recorded else None,
            frame.since_s,
            is_live=frame.ago_s is not None or not frame.is_recorded,
            roles=_ROLES if frame.sample.host.sees_every_process else _ROLES_INSIDE,
        )
        size = self.size.width, self.size.height
        lines, self._cells = draw_timeline(past.timeline, look, size)
        self.paint(lines)

    async def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the time under the pointer."""
        self._is_held = True
        self.capture_mouse()
        await self._go(event.x)

    async def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer."""
        if self._is_held:
            await self._go(event.x)

    def on_mouse_up(self) -> None:
        """Stay there."""
        self._is_held = False
        self.release_mouse()

    async def _go(self, x: int) -> None:
        cells, cell = self._cells, x - _SCALE
        if cells is not None and cell >= 0:
            await self.app.run_action(f"go_to({cells.end_of(cell)!r})")

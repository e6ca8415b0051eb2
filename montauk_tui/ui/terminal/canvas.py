"""The current and the wanted contents of the terminal: only differences are sent.

Textual delivers whole lines of widgets at any time, and widgets lines of their own
(`ui.direct`); both are stored in cells here. The output is computed when the line to
the terminal is clear, so it is always the newest picture, never an outdated one.
"""

import re
from collections.abc import Iterable
from typing import Final

from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from montauk_tui.model.text import are_single, cell_width
from montauk_tui.ui.terminal.pen import ON_BLANKS, PLAIN, Ink, Pen

_GAP: Final = 4
"""Cells that are cheaper to rewrite than to skip."""


_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")

_BLANK: Final = Ink((), None, "")


def _are_same_blanks(one: Ink, other: Ink) -> bool:
    """Tell whether spaces of two inks look the same."""
    seen = {*one.attributes, *other.attributes} & ON_BLANKS
    return one.background == other.background and not seen


class _Row:
    """The cells of a line: their characters and inks.

    The right half of a wide character is an empty text.
    """

    __slots__ = ("chars", "inks")

    def __init__(self, width: int) -> None:
        self.chars = [" "] * width
        self.inks: list[Ink] = [_BLANK] * width


def _length_of_ascii(row: _Row) -> int:
    """Return how many cells of a line there are before one that is not ASCII."""
    other = _NOT_ASCII.search("".join(row.chars))
    # Until then each cell is one character.
    return other.start() if other else len(row.chars)


class Canvas:
    """A picture of cells."""

    def __init__(
        self, pen: Pen, *, unicode: bool, corner: bool, erases: bool = False
    ) -> None:
        """Start without a size.

        Args:
            pen: Writes styles.
            unicode: Whether the terminal takes UTF-8; else other characters are `?`.
            corner: Whether its last cell can be written without scrolling it.
            erases: Whether it erases with the current background (bce).
        """
        self._pen = pen
        self._unicode = unicode
        self._corner = corner
        self._erases = erases
        self.size = (0, 0)
        self._wanted: list[_Row] = []
        self._shown: list[_Row] = []
        self._changed: dict[int, tuple[int, int]] = {}
        """By line: the first cell that may differ, and the one past the last."""
        self._is_blank = True
        self._ink = PLAIN

    # --- wanted contents --------------------------------------------------------------

    def take(self, update: CompositorUpdate) -> None:
        """Store what Textual would write."""
        if isinstance(update, LayoutUpdate):
            self._resize(update.region.width, update.region.height)
            for y, line in enumerate(update.strips):
                x = 0
                for strip in line:
                    x = self._put(y, x, strip)
        elif isinstance(update, ChopsUpdate):
            for y, left, right in update.spans:
                if y >= len(self._wanted):
                    continue
                ends = update.chop_ends[y]
                for end, (x, chop) in zip(ends, update.chops[y].items(), strict=False):
                    if chop is not None and x < right and end > left:
                        self._put(y, x, chop)

    def forget(self) -> None:
        """Discard the known contents of the terminal: send everything again."""
        self._is_blank = False

    def _resize(self, width: int, height: int) -> None:
        if self.size != (width, height):
            self.size = width, height
            self._wanted = [_Row(width) for _ in range(height)]
            self.forget()

    def _put(self, y: int, x: int, strip: Strip) -> int:
        """Put a piece of a line into its cells; return where it ends."""
        pen = self._pen
        return self.put(
            y,
            x,
            [
                (text, (pen.blank if text.isspace() else pen.ink)(style))
                for text, style, control in strip
                if not control
            ],
        )

    def put(
        self, y: int, x: int, runs: Iterable[tuple[str, Ink]], last: int | None = None
    ) -> int:
        """Put texts into the cells from `x` on; return where they end.

        Cells from `last` on are left as they are.
        """
        row, width = self._wanted[y], self.size[0]
        chars: list[str] = []
        inks: list[Ink] = []
        first, past = width, 0
        for text, ink in runs:
            cells = list(text) if text.isascii() else self._cells(text)
            start = x + len(chars)
            end = start + len(cells)
            chars += cells
            inks += [ink] * len(cells)
            if (
                row.chars[start:end] != cells
                or row.inks[start:end] != inks[start - x :]
            ):
                first, past = min(first, start), end
        end = min(x + len(chars), width if last is None else last)
        if first < end:
            # The left half of a wide character cannot stand alone, nor the right.
            if x + len(chars) > end and not chars[end - x]:
                chars[end - x - 1] = " "
            if x and not row.chars[x]:
                row.chars[x - 1], first = " ", x - 1
            row.chars[x:end], row.inks[x:end] = chars[: end - x], inks[: end - x]
            past = min(past, end)
            if end < width and not row.chars[end]:
                row.chars[end], past = " ", end + 1
            self._note(y, first, past)
        return end

    def _note(self, y: int, first: int, past: int) -> None:
        """Note that cells of a line changed."""
        before = self._changed.get(y, (first, past))
        self._changed[y] = min(first, before[0]), max(past, before[1])

    def _cells(self, text: str) -> list[str]:
        """Return the contents of each cell of a text."""
        if self._unicode and are_single(text):
            return list(text)
        cells: list[str] = []
        for char in text:
            width = 1 if char.isascii() else cell_width(char)
            if not self._unicode and not char.isascii():
                cells += "?" * width
            elif width:
                cells += (char, *[""] * (width - 1))
            elif cells:
                cells[-1] += char
        return cells

    # --- output -----------------------------------------------------------------------

    @property
    def is_due(self) -> bool:
        """Whether there may be anything to send."""
        return bool(self._changed) or not self._is_blank

    def changes(self) -> str:
        """Return the output for the picture, which then counts as shown."""
        out: list[str] = []
        width, height = self.size
        if not self._is_blank:
            out.append("\x1b[m\x1b[H\x1b[2J")
            self._ink = PLAIN
            self._shown = [_Row(width) for _ in range(height)]
            self._changed = dict.fromkeys(range(height), (0, width))
            self._is_blank = True
        for y, (first, past) in sorted(self._changed.items()):
            if y < height:
                self._send_row(y, first, past, out)
        self._changed.clear()
        return "".join(out)

    def _send_row(self, y: int, first: int, past: int, out: list[str]) -> None:
        """Send what differs of the cells from `first` to `past` of a line."""
        wanted, shown = self._wanted[y], self._shown[y]
        part = slice(first, past)
        cells = zip(
            wanted.chars[part],
            shown.chars[part],
            wanted.inks[part],
            shown.inks[part],
            strict=True,
        )
        differing = [
            x
            for x, (a, b, c, d) in enumerate(cells, first)
            if a != b
            or (c is not d and c != d and not (a == " " and _are_same_blanks(c, d)))
        ]
        if not self._corner and y == self.size[1] - 1:
            differing = [x for x in differing if x < self.size[0] - 1]
        if differing:
            self._send_runs(y, self._runs(wanted, differing), out)
        shown.chars[part], shown.inks[part] = wanted.chars[part], wanted.inks[part]

    def _send_runs(self, y: int, runs: list[tuple[int, int]], out: list[str]) -> None:
        """Write stretches of a line, those in the ink at hand first."""
        row = self._wanted[y]
        # Terminals disagree about widths, so steps are counted over ASCII alone.
        last = _length_of_ascii(row) if len(runs) > 1 else 0
        at = -1
        while runs:
            now = self._ink
            fits = [it for it in runs if self._fits(now, row.inks[it[0]])] or runs[:1]
            for start, end in fits:
                if at < 0 or max(at, start) >= last:
                    # After the last cell the cursor position is undefined.
                    out.append(f"\x1b[{y + 1};{start + 1}H")
                elif at != start:
                    step = start - at
                    out.append(f"\x1b[{step}C" if step > 0 else f"\x1b[{-step}D")
                self._send_cells(row, start, end, out)
                at = end
            if len(fits) == len(runs):
                return
            runs = [it for it in runs if it not in fits]

    def _runs(self, row: _Row, differing: Iterable[int]) -> list[tuple[int, int]]:
        """Return the stretches to write, each in one ink: first cell, and past it."""
        runs: list[tuple[int, int]] = []
        chars, inks, width = row.chars, row.inks, len(row.chars)
        start = end = 0
        for x in differing:
            if x < end:
                continue
            # Blanks separate columns; changing the ink costs more than a step.
            if (x == end and inks[x] is inks[start] and end) or (
                end and x - end <= _GAP and self._is_one_ink(inks, start, end, x)
            ):
                end = x + 1
            else:
                if end:
                    runs.append((start, end))
                start, end = x, x + 1
                while start and not chars[start]:
                    start -= 1
            while end < width and not chars[end]:
                end += 1
        if end:
            runs.append((start, end))
        return runs

    def _is_one_ink(self, inks: list[Ink], start: int, end: int, x: int) -> bool:
        """Tell whether cells from `end` to `x` can be written as that at `start`."""
        ink = inks[start]
        return all(it is ink or self._fits(ink, it) for it in inks[end : x + 1])

    def _fits(self, now: Ink, ink: Ink) -> bool:
        """Tell whether an ink needs no sequence after another."""
        return now is ink or now == ink or not self._pen.change(now, ink)[0]

    def _send_cells(self, row: _Row, start: int, end: int, out: list[str]) -> None:
        """Write cells; the terminal's cursor is on the first."""
        x, rest = start, end
        if end == len(row.chars):
            end = self._start_of_blanks(row, start)
        inks = row.inks
        while x < end:
            ink, first = inks[x], x
            # Mostly the same object, which is found out at once.
            while x < end and (inks[x] is ink or inks[x] == ink):
                x += 1
            sequence, self._ink = self._pen.change(self._ink, ink)
            out += (sequence, *row.chars[first:x])
        if end < rest:
            sequence, self._ink = self._pen.change(self._ink, row.inks[end])
            out += (sequence, "\x1b[K")

    def _start_of_blanks(self, row: _Row, start: int) -> int:
        """Return the cell from which the rest can be erased; the end if none."""
        width = len(row.chars)
        ink, x = row.inks[-1], width
        if ink.foreground is not None or (ink.background and not self._erases):
            return width
        while x > start and row.chars[x - 1] == " " and row.inks[x - 1] == ink:
            x -= 1
        return x if width - x > _GAP else width

"""Lines of styled text, and a widget that redraws only those that changed."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Final, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from montauk_tui.model.text import cell_width, drop_cells, fit
from montauk_tui.ui.direct import Direct

Run = tuple[str, Style]
"""Sanitised text in one style."""

Line = tuple[Run, ...]

_PLAIN: Final = Style.null()
_NOT_UNDERLINED: Final = Style(underline=False)

T = TypeVar("T")


def line_width(line: Iterable[Run]) -> int:
    """Return how many cells a line occupies."""
    return cell_width("".join([text for text, _ in line]))


def visible(line: Line, width: int, skip: int = 0) -> list[Run]:
    """Return `width` cells of a line from its cell `skip` on, filled with spaces.

    Args:
        line: What to show.
        width: Cells to fill.
        skip: Cells scrolled to the right.
    """
    if not skip and (left := width - line_width(line)) >= 0:
        runs = [run for run in line if run[0]]
        return [*runs, (" " * left, _PLAIN)] if left else runs
    runs = []
    left = width
    for text, style in line:
        cells = cell_width(text)
        if skip >= cells:
            skip -= cells
            continue
        if skip:
            text, cells, skip = drop_cells(text, skip), cells - skip, 0  # noqa: PLW2901
        if cells > left:
            text, cells = fit(text, left), left  # noqa: PLW2901
        if text:
            runs.append((text, style))
        left -= cells
        if left <= 0:
            break
    if left > 0:
        runs.append((" " * left, _PLAIN))
    return runs


def to_strip(line: Line, width: int, base: Style, skip: int = 0) -> Strip:
    """Return the same as a strip; `base` is the style below those of the line."""
    runs = visible(line, width, skip)
    return Strip([Segment(text, base + style) for text, style in runs], width)


def spread(left: Line, right: Line, width: int) -> Line:
    """Return a line with `left` and `right` at its ends; if too long, `left`."""
    gap = width - line_width(left) - line_width(right)
    if gap < 1:
        return left
    return (*left, (" " * gap, Style.null()), *right)


def marked(line: Line, wanted: str, match: Style) -> Line:
    """Return a line with the matches of a lower-case text marked, within its runs."""
    runs: list[Run] = []
    for text, style in line:
        lower, at = text.lower(), 0
        # Lower-casing may change the length, and so the positions.
        found = lower.find(wanted) if len(lower) == len(text) else -1
        while found >= 0:
            end = found + len(wanted)
            runs += [(text[at:found], style), (text[found:end], style + match)]
            at, found = end, lower.find(wanted, end)
        runs.append((text[at:], style))
    return tuple(run for run in runs if run[0])


def bare_ended(runs: list[Run]) -> list[Run]:
    """Return runs without an underline below the blanks at their ends.

    It marks a figure or a word; below blanks it would look like more of it.
    """
    if not any(style.underline for _, style in runs):
        return runs
    bare: list[Run] = []
    for text, style in runs:
        if not style.underline:
            bare.append((text, style))
            continue
        begin, end = len(text) - len(text.lstrip(" ")), len(text.rstrip(" "))
        blank = style + _NOT_UNDERLINED
        parts = (text[:begin], blank), (text[begin:end], style), (text[end:], blank)
        bare += [part for part in (parts if end else ((text, blank),)) if part[0]]
    return bare


def differing(old: list[T], new: list[T], nothing: T, count: int) -> list[int]:
    """Return which of the first `count` lines differ; `nothing` is a missing one."""
    if old == new:
        return []
    pairs = zip_longest(old[:count], new[:count], fillvalue=nothing)
    return [y for y, (before, now) in enumerate(pairs) if before != now]


def changed_regions(changed: Sequence[int], width: int) -> list[Region]:
    """Return the regions that cover the ascending lines `changed`."""
    regions: list[Region] = []
    for y in changed:
        if regions and regions[-1].bottom == y:
            last = regions.pop()
            regions.append(Region(0, last.y, width, last.height + 1))
        else:
            regions.append(Region(0, y, width, 1))
    return regions


class BaseStyle(Widget):
    """A widget of lines that caches its CSS style instead of computing it per line."""

    _base_style: Style | None = None
    _direct: Direct | None = None

    @property
    def base_style(self) -> Style:
        """The style under everything that is drawn."""
        if self._base_style is None:
            self._base_style = self.rich_style
        return self._base_style

    def notify_style_update(self) -> None:
        """Ask CSS again after a change of theme."""
        self._base_style = self._direct = None
        super().notify_style_update()

    def runs(self, y: int, width: int) -> list[Run]:
        """Return the line `y` of the visible part, as wide as the widget: `width`."""
        raise NotImplementedError

    def _drawn_runs(self, width: int, y: int) -> list[Run]:
        return bare_ended(self.runs(y, width))

    def render_line(self, y: int) -> Strip:
        """Return the line `y` of the visible part, for Textual."""
        width = self.size.width
        base, runs = self.base_style, self._drawn_runs(width, y)
        if self._direct is not None:
            self._direct.note(y, runs)
        segments = [Segment(text, base + style) for text, style in runs]
        return Strip(segments, width)

    def repaint(self, lines: Sequence[int], width: int) -> None:
        """Draw the ascending lines `lines` again, past Textual where that is right."""
        if not lines:
            return
        if self._direct is None:
            self._direct = Direct(self, self.base_style)
        # What Textual may have kept of them is outdated in any case.
        self._styles_cache.set_dirty(*changed_regions(lines, width))
        if rest := self._direct.draw(lines, partial(self._drawn_runs, width)):
            self.refresh(*changed_regions(rest, width))


class LinesWidget(BaseStyle):
    """Shows lines that are given to it, and repaints the ones that differ."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        """Start empty."""
        super().__init__(id=id)
        self._lines: list[Line] = []
        self.shift = 0
        """Cells scrolled to the right."""
        self.lines_drawn = 0
        """Counts the lines drawn, for tests and benchmarks."""

    def paint(self, lines: Sequence[Line], shift: int = 0) -> None:
        """Show `lines`, top to bottom, each from its cell `shift` on."""
        old = self._lines if shift == self.shift else []
        self._lines, self.shift = list(lines), shift
        width, height = self.size
        self.repaint(differing(old, self._lines, (), height), width)

    def runs(self, y: int, width: int) -> list[Run]:
        """Return the line `y` of the widget."""
        self.lines_drawn += 1
        line = self._lines[y] if y < len(self._lines) else ()
        return visible(line, width, self.shift)


class SizedLines(LinesWidget):
    """Lines that depend on the size: requested again when it changes."""

    class Resized(Message):
        """The size changed."""

    def on_resize(self) -> None:
        """Request new lines."""
        self.post_message(self.Resized())

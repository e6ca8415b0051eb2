"""Draws lines of a widget into the terminal's picture, past Textual's compositor.

For Textual a changed line is a message, a timer and a pass over all widgets. What
happens once a second needs none of it: the place of a widget is known since the last
layout, and its lines are cells. Lines that Textual must compose are left to it: those
under a toast or a tooltip, of a screen under another one, and all of them while a
layout is due.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor
from textual.strip import Strip

from montauk_tui.model.text import cell_width
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.terminal.pen import Ink, Pen

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

# Textual has no public way to its compositor.
# ruff: noqa: SLF001

Run = tuple[str, Style]

Runs = Callable[[int], list[Run]]
"""Returns a line of a widget, as wide as the widget."""


class _Place(NamedTuple):
    """Where the lines of a widget are on the screen."""

    layers: object
    """The layers of the layout that it is from; another layout has others."""
    x: int
    y: int
    ends: dict[int, int]
    """By line: the column where it ends, or something over it begins; lines that
    begin under something are missing."""


class Direct:
    """Draws one widget in one style."""

    def __init__(self, widget: "Widget", base: Style) -> None:
        """Draw a widget; `base` is the style under everything it draws."""
        self._widget, self._base = widget, base
        self._screen: Screen[Any] | None = None
        self._place: _Place | None = None
        self._inks: dict[Style, tuple[Ink, Ink]] = {}
        """By style: the ink of its texts, and that of its blanks."""
        self._last: dict[int, list[Run]] = {}
        """By line: what was drawn last, here or by Textual."""

    def draw(self, lines: Sequence[int], runs: Runs) -> Sequence[int]:
        """Draw some lines; return those that Textual must draw."""
        terminal = self._widget.app._driver
        if not isinstance(terminal, TerminalDriver):
            return lines
        place = self._find(terminal)
        if place is None:
            return lines
        for y in lines:
            if y in place.ends:
                before, now = self._last.get(y, []), runs(y)
                skipped, changed = _changed(before, now)
                drawn = [self._inked(run, terminal.pen) for run in changed]
                terminal.put(place.y + y, place.x + skipped, drawn, place.ends[y])
                self._last[y] = now
        return [y for y in lines if y not in place.ends]

    def note(self, y: int, drawn: list[Run]) -> None:
        """Note what Textual draws in a line."""
        self._last[y] = drawn

    # --- where ------------------------------------------------------------------------

    def _find(self, terminal: TerminalDriver) -> _Place | None:
        """Return where the widget is, None while Textual must draw all of it."""
        widget = self._widget
        # Textual looks for it among all that the widget is in.
        screen = self._screen = self._screen or widget.screen
        app = screen.app
        compositor = screen._compositor
        if (
            screen is not app.screen
            or app._batch_count
            or screen._layout_required
            or screen._scroll_required
            or compositor.size != terminal.picture_size
        ):
            return None
        layers = compositor.layers_visible
        if self._place is None or self._place.layers is not layers:
            self._place, self._last = _place_of(widget, compositor), {}
        return self._place

    # --- in which colours -------------------------------------------------------------

    def _inked(self, run: Run, pen: Pen) -> tuple[str, Ink]:
        text, style = run
        inks = self._inks.get(style)
        if inks is None:
            inks = self._inks[style] = self._inks_of(style, pen)
        return text, inks[text.isspace()]

    def _inks_of(self, style: Style, pen: Pen) -> tuple[Ink, Ink]:
        """Return the inks of a style after the filters of Textual."""
        strip = Strip([Segment("x", self._base + style)])
        background = self._widget.background_colors[1]
        for line_filter in self._widget.get_line_filters():
            strip = strip.apply_filter(line_filter, background)
        seen = next(iter(strip)).style
        return pen.ink(seen), pen.blank(seen)


def _changed(before: list[Run], now: list[Run]) -> tuple[int, list[Run]]:
    """Return how many cells at the start are the same, and what differs after them."""
    first, end = 0, len(now)
    fewest = min(len(before), end)
    while first < fewest and before[first] == now[first]:
        first += 1
    # Both are as wide as the widget: what ends alike is in the same cells.
    shift = len(before) - end
    while min(end, end + shift) > first and before[end + shift - 1] == now[end - 1]:
        end -= 1
    return cell_width("".join([text for text, _ in now[:first]])), now[first:end]


def _place_of(widget: "Widget", compositor: Compositor) -> _Place | None:
    """Return where a widget is in the present layout, None if nowhere."""
    layers = compositor.layers_visible
    if widget not in compositor.visible_widgets:
        return None
    (left, top, *_), _ = compositor.visible_widgets[widget]
    ends: dict[int, int] = {}
    for y, layer in enumerate(layers):
        end = left + widget.size.width
        for other, seen, _ in layer:
            # The front comes first.
            if other is widget:
                if seen.x == left < end:
                    ends[y - top] = min(end, seen.right)
                break
            if seen.right > left:
                end = min(end, seen.x)
    return _Place(layers, left, top, ends)

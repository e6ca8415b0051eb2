"""The details page, to scroll and search; draws only the visible lines."""

from typing import Final

from rich.style import Style
from textual.scroll_view import ScrollView

from montauk_tui.model.details import MISSING
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.details_page import Page
from montauk_tui.ui.widgets.lines import BaseStyle, Line, Run, marked, visible
from montauk_tui.ui.widgets.scrolling import set_line_count

_MARGIN: Final[Run] = (" ", Style.null())
"""The blank column at the left edge, which every screen has."""


class DetailsView(ScrollView, BaseStyle, can_focus=True, inherit_bindings=False):
    """Lines that keep their position while their contents change."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="page")
        self.page = Page()
        self._theme: Theme | None = None
        self._wanted = ""
        self._found = -1
        """Index of the last match."""

    def show(self, page: Page, theme: Theme) -> None:
        """Show a page, and repaint the lines that differ.

        The section at the top of the screen stays there when one above it grows.
        """
        old, self.page = self.page, page
        moved = _moved(old, page, self.scroll_offset.y)
        restyled, self._theme = theme is not self._theme, theme
        set_line_count(self, len(page.lines))
        if moved:
            self.go_to(self.scroll_offset.y + moved)
        top, (width, height) = self.scroll_offset.y, self.size
        changed = [
            y
            for y in range(height)
            if restyled or _at(old, top + y) != _at(page, top + y)
        ]
        self.repaint(changed, width)

    def go_to(self, line: int) -> None:
        """Scroll a line to the top."""
        # By force: the scroll bar may be updated later.
        self.scroll_to(y=line, animate=False, force=True)

    def go_to_section(self, section_id: str) -> None:
        """Scroll to a section, or to the one that names those that are not known."""
        headings = self.page.headings
        line = headings.get(section_id, headings.get(MISSING))
        if line is not None:
            self.go_to(line)

    def go_by_sections(self, step: int) -> None:
        """Scroll to the next or previous section."""
        top = self.scroll_offset.y
        starts = list(self.page.headings.values())
        after = [line for line in starts if (line > top if step > 0 else line < top)]
        if after:
            self.go_to(min(after) if step > 0 else max(after))

    # --- search -----------------------------------------------------------------------

    def search(self, text: str) -> bool:
        """Mark a text and go to its first match from the top of the screen on."""
        self._wanted = text.lower()
        top = self.scroll_offset.y
        texts = self.page.texts
        before = sum(1 for line, _ in texts if line < top)
        self._found = before - 1
        self.refresh()
        return self.search_next()

    def search_next(self, direction: int = 1) -> bool:
        """Go to the next match, wrapping around; tell whether there is one.

        With a `direction` of -1 go to the previous one.
        """
        texts = self.page.texts
        if not self._wanted or not texts:
            return False
        for step in range(1, len(texts) + 1):
            index = (self._found + direction * step) % len(texts)
            if self._wanted in texts[index][1]:
                self._found = index
                self._show_line(texts[index][0])
                return True
        return False

    def _show_line(self, line: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= line < top + height - 1:
            self.go_to(max(0, line - height // 3))

    # --- drawing ----------------------------------------------------------------------

    def runs(self, y: int, width: int) -> list[Run]:
        """Return the line `y` of the visible part."""
        line = _at(self.page, y + self.scroll_offset.y)
        if self._wanted and self._theme is not None:
            line = marked(line, self._wanted, self._theme.style("match"))
        return visible((_MARGIN, *line), width)


def _moved(old: Page, new: Page, top: int) -> int:
    """Return how far the section at line `top` has moved down."""
    above = [name for name, line in old.headings.items() if line <= top]
    nearest = max(above, key=old.headings.__getitem__, default="")
    if nearest not in new.headings:
        return 0
    return new.headings[nearest] - old.headings[nearest]


def _at(page: Page, line: int) -> Line:
    return page.lines[line] if line < len(page.lines) else ()

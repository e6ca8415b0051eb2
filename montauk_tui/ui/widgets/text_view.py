"""Lines of text to scroll and search; draws only the visible ones."""

from textual.scroll_view import ScrollView

from montauk_tui.model.text import cell_width
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import BaseStyle, Line, Run, marked, visible
from montauk_tui.ui.widgets.scrolling import set_line_count


class TextView(ScrollView, BaseStyle, can_focus=True, inherit_bindings=False):
    """Lines of text, each a line of the screen."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="page")
        self._count = 0
        self._theme: Theme | None = None
        self._wanted = ""
        self._found = -1
        """The line of the last match."""
        self._shift = 0
        """Cells scrolled to the right."""

    def line(self, index: int) -> Line:
        """Return one of the lines."""
        raise NotImplementedError

    def show_lines(self, count: int, theme: Theme, *, at_end: bool = False) -> None:
        """Show so many lines, scrolled to the end if wanted."""
        self._count, self._theme = count, theme
        set_line_count(self, count)
        if at_end:
            # By force: the scroll bar may be updated later.
            self.scroll_to(y=count, animate=False, force=True)
        self.refresh()

    @property
    def is_at_end(self) -> bool:
        """Whether the last line is visible."""
        return self.scroll_offset.y + self.size.height >= self._count

    def shift_by(self, cells: int) -> None:
        """Scroll sideways."""
        top, height = self.scroll_offset.y, self.size.height
        visible = range(top, min(top + height, self._count))
        longest = max((cell_width(self._text(at)) for at in visible), default=0)
        most = max(0, longest - self.size.width + 1)
        self._shift = max(0, min(self._shift + cells, max(most, self._shift)))
        self.refresh()

    def _text(self, index: int) -> str:
        return "".join(text for text, _ in self.line(index))

    # --- search -----------------------------------------------------------------------

    def search(self, text: str) -> bool:
        """Mark a text and go to its first match from the top of the screen on."""
        self._wanted = text.lower()
        self._found = self.scroll_offset.y - 1
        self.refresh()
        return self.search_next()

    def search_next(self, direction: int = 1) -> bool:
        """Go to the next match, wrapping around; tell whether there is one.

        With a `direction` of -1 go to the previous one.
        """
        count = self._count
        for step in range(1, count + 1) if self._wanted else ():
            index = (self._found + direction * step) % count
            if self._wanted in self._text(index).lower():
                self._found = index
                self._show_line(index)
                return True
        return False

    def _show_line(self, line: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= line < top + height:
            self.scroll_to(y=max(0, line - height // 3), animate=False)

    # --- drawing ----------------------------------------------------------------------

    def runs(self, y: int, width: int) -> list[Run]:
        """Return the line `y` of the visible part."""
        at = y + self.scroll_offset.y
        line = self.line(at) if at < self._count else ()
        if self._wanted and self._theme is not None:
            line = marked(line, self._wanted, self._theme.style("match"))
        return visible(line, width, self._shift)

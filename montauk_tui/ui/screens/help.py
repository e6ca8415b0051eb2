"""The help: every key and its action, made from the bindings."""

from collections.abc import Sequence

from textual.binding import Binding

from montauk_tui import __version__
from montauk_tui.ui.keymap import Keymap
from montauk_tui.ui.screens.searching import SearchableScreen, general_keys
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.help_page import help_lines
from montauk_tui.ui.widgets.lines import Line
from montauk_tui.ui.widgets.text_view import TextView

_CLOSING = Binding("f1,h,question_mark,enter", "screen.leave", show=False)


class HelpView(TextView):
    """The help, laid out for the width of the screen."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._lines: Sequence[Line] = ()

    def show(self, bindings: Sequence[Binding], theme: Theme, width: int) -> None:
        """Describe bindings in so many cells."""
        self._lines = help_lines(bindings, theme, width)
        self.show_lines(len(self._lines), theme)

    def line(self, index: int) -> Line:
        """Return one of the lines."""
        return self._lines[index]


class HelpScreen(SearchableScreen):
    """The whole screen, to scroll and search; any of its closing keys returns."""

    def __init__(self, keys: Keymap, theme: Theme) -> None:
        """Describe the keys in effect."""
        self.view = HelpView()
        super().__init__(self.view, [_CLOSING, *general_keys(keys.look)])
        self._described = keys.every
        self._theme = theme

    def draw(self) -> None:
        """Lay the help out for the size of the screen."""
        if not self.size.width:
            return
        theme = self._theme
        title = (f" montauk {__version__} ", theme.style("title"))
        self.title_line.paint([(title, (" keys and symbols", theme.style("label")))])
        # One cell for the scroll bar, one blank.
        self.view.show(self._described, theme, max(20, self.size.width - 2))
        if self.keys.size.width:
            self.keys.show(theme, {})

"""The output of a program."""

from collections.abc import Sequence

from rich.style import Style

from montauk_tui.model.text import clean
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line
from montauk_tui.ui.widgets.text_view import TextView

_TAB = 8


class OutputView(TextView):
    """Lines as a program wrote them."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._lines: Sequence[bytes] = ()

    def show(self, lines: Sequence[bytes], theme: Theme, *, at_end: bool) -> None:
        """Show lines, scrolled to the end if wanted."""
        self._lines = lines
        self.show_lines(len(lines), theme, at_end=at_end)

    def line(self, index: int) -> Line:
        """Return a sanitised line: it may contain process-controlled text."""
        text = clean(self._lines[index].rstrip(b"\r").expandtabs(_TAB))
        return ((text, Style.null()),)

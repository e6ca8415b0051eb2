"""The help: every key and its action, made from the bindings."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from montauk_tui import __version__
from montauk_tui.ui.bindings import OTHER_KEYS, SECTIONS, key_names
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.process_row import NEW_SIGN, TAG_SIGN

_STATES = (
    "R running  S sleeping  D waiting for I/O  Z zombie  T stopped  t traced  I idle  "
    "X exited"
)
_BAR = "| user  : nice  # system  * interrupts  ~ stolen"
_MEMORY = "| used  # buffers  . cache"
_BUSY = (
    "CPU time in cores: | live processes  x exited processes  "
    "* interrupts  ? unexplained"
)
QUERIES = (
    ("nginx|cron", "Text in the command or name; | means or"),
    ("cpu > 10", "= != < <= > >=; with and, or, not, ( )"),
    ("mem >= 1g", "Sizes k m g t; age < 2s: us ms s m h d"),
    ("name ~ ^py", "Regular expression; !~ negates"),
    ("exit != 0", "Exit status; life: time from start to exit"),
    ("parent.pid = 1", "Any field of the parent; Tab completes names"),
)
_MANY = "A group of 87 exited processes; Enter opens it"
_FOLDED = "A folded branch of 12 hidden rows; figures with a + are sums"
_CHURN = "Processes started and exited per second, descendants included"
_SIGNS: Final = {
    "S": _STATES,
    TAG_SIGN: "Marks a tagged row",
    NEW_SIGN: "Marks a process that started in the last seconds",
    "CPU bars": _BAR,
    "memory bar": _MEMORY,
    "CPU": _BUSY,
    "87x": _MANY,
    "[+12]": _FOLDED,
    "FORK/s EXIT/s": _CHURN,
    "-": "Unknown: not measured yet, or not permitted",
}

_LEAST_WIDTH: Final = 60
"""Cells for two columns."""


class HelpScreen(ModalScreen[None]):
    """A list to scroll; any of its closing keys returns."""

    BINDINGS = [
        Binding("escape,q,f1,f10,h,question_mark,enter", "dismiss", show=False),
        Binding("down,j", "scroll('down')", show=False),
        Binding("up,k", "scroll('up')", show=False),
        Binding("pagedown,space", "scroll('page_down')", show=False),
        Binding("pageup", "scroll('page_up')", show=False),
        Binding("home", "scroll('home')", show=False),
        Binding("end", "scroll('end')", show=False),
    ]

    def __init__(self, bindings: Sequence[Binding], theme: Theme) -> None:
        """Describe `bindings`."""
        super().__init__()
        self._keys = bindings
        self._theme = theme

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        is_wide = self.app.size.width >= _LEAST_WIDTH
        shown = Static(self._table() if is_wide else self._text(), id="help-keys")
        box = VerticalScroll(shown, id="box")
        # With the focus it would handle the keys first, and scroll smoothly.
        box.can_focus = False
        box.border_title = f"montauk {__version__}"
        box.border_subtitle = "Esc closes"
        yield box

    def _lines(self) -> Iterator[tuple[Text, str]]:
        """Yield each key or symbol with its meaning; headings have none."""
        title = self._theme.style("title")
        for section, heading in SECTIONS.items():
            yield Text(heading, title), ""
            for binding in self._keys:
                if (binding.id or "").startswith(f"{section}."):
                    names = " ".join(key_names(binding)) or "no key"
                    yield Text(f"  {names}"), binding.tooltip
            for names, meaning in OTHER_KEYS.get(section, ()):
                yield Text(f"  {names}"), meaning
        yield Text("Filters", title), ""
        for example, meaning in QUERIES:
            yield Text(f"  {example}"), meaning
        yield Text("Symbols", title), ""
        for sign, meaning in _SIGNS.items():
            yield Text(f"  {sign}"), meaning

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(style=self._theme.style("key"), no_wrap=True)
        table.add_column()
        for keys, meaning in self._lines():
            table.add_row(keys, Text(meaning))
        return table

    def _text(self) -> Text:
        """Return the same for a narrow screen, in one column."""
        key = self._theme.style("key") + Style(bold=True)
        lines = [
            Text.assemble((keys.plain.strip(), keys.style or key), "  ", meaning)
            for keys, meaning in self._lines()
        ]
        return Text("\n").join(lines)

    def action_scroll(self, where: str) -> None:
        """Scroll the list."""
        box = self.query_one("#box", VerticalScroll)
        getattr(box, f"scroll_{where}")(animate=False)

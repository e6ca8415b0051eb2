"""The help: every key and what it does, made from the bindings."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from montauk_tui import __version__
from montauk_tui.ui.bindings import SECTIONS, key_names
from montauk_tui.ui.themes import Theme

_STATES = (
    "R running  S sleeping  D waiting for I/O  Z zombie  T stopped  t traced  I idle  "
    "X ended"
)
_BAR = "| user  : nice  # system  * interrupts  ~ stolen"
_MEMORY = "| used  # buffers  . cache"
_BOOKS = (
    "CPUs' worth of time: | of processes that live  x of those that ended  "
    "* interrupts  ? nobody's"
)
QUERIES = (
    ("nginx|cron", "A text in command or name; either of two"),
    ("cpu > 10", "= != < <= > >=; with and, or, not, ( )"),
    ("mem >= 1g", "Sizes k m g t; age < 2s: us ms s m h d"),
    ("name ~ ^py", "A regular expression; !~ where it does not match"),
    ("exit != 0", "How it ended; life: how long it lived"),
    ("parent.pid = 1", "Any field of the parent; Tab completes names"),
)
_MANY = "PID of a row that stands for 87 processes that ended; Enter opens it"
_CHURN = "Processes started and ended a second, those of what it started included"


class HelpScreen(ModalScreen[None]):
    """A list to scroll; any of its closing keys leads back."""

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
        self._look = theme

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        box = VerticalScroll(Static(self._table(), id="help-keys"), id="box")
        # Focused, it would take the keys first and glide to where they lead.
        box.can_focus = False
        box.border_title = f"montauk {__version__}"
        box.border_subtitle = "Esc closes"
        yield box

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(style=self._look.style("key"), no_wrap=True)
        table.add_column()
        for section, heading in SECTIONS.items():
            table.add_row(Text(heading, self._look.style("title")), "")
            for binding in self._keys:
                if (binding.id or "").startswith(f"{section}."):
                    keys = " ".join(key_names(binding))
                    table.add_row(Text(f"  {keys}"), Text(binding.tooltip))
        table.add_row(Text("  digits"), Text("Jump to the process with that PID"))
        table.add_row(Text("Filters", self._look.style("title")), "")
        for example, meaning in QUERIES:
            table.add_row(Text(f"  {example}"), Text(meaning))
        table.add_row(Text("Signs", self._look.style("title")), "")
        table.add_row(Text("  S"), Text(_STATES))
        table.add_row(Text("  CPU bars"), Text(_BAR))
        table.add_row(Text("  memory bar"), Text(_MEMORY))
        table.add_row(Text("  Books"), Text(_BOOKS))
        table.add_row(Text("  87x"), Text(_MANY))
        table.add_row(Text("  FORK/s EXIT/s"), Text(_CHURN))
        table.add_row(
            Text("  -"), Text("Not known: not seen twice yet, or not permitted")
        )
        return table

    def action_scroll(self, where: str) -> None:
        """Scroll the list."""
        box = self.query_one("#box", VerticalScroll)
        getattr(box, f"scroll_{where}")(animate=False)

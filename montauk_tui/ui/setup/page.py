"""Common parts of the pages of the setup screen."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static
from textual.widgets.option_list import Option

from montauk_tui.model.text import cell_width, fit
from montauk_tui.session.effects import Choice
from montauk_tui.ui.setup.host import SetupHost
from montauk_tui.ui.widgets.choices import ChoiceList


def footer_key(keys: str, action: str, label: str) -> Binding:
    """Return a key to show in the last line."""
    return Binding(keys, f"screen.{action}", label, show=True)


TURN: Final = footer_key("enter", "turn(0)", "Change")
MORE: Final = footer_key("plus", "turn(1)", "More")
LESS: Final = footer_key("minus", "turn(-1)", "Less")
UP: Final = footer_key("f7", "move(-1)", "Up")
DOWN: Final = footer_key("f8", "move(1)", "Down")
REMOVE: Final = footer_key("delete", "remove", "Remove")


class ItemList(ChoiceList):
    """Lines with a selection that stays when the lines change."""

    # The list's own message may arrive after another line was selected.
    BINDINGS = [Binding("enter", "screen.turn(0)", show=False)]

    def show(self, lines: Sequence[Text | str]) -> None:
        """Show lines; a `str` is a heading, which cannot be selected."""
        options = [
            Option(Text(line), disabled=True) if isinstance(line, str) else Option(line)
            for line in lines
        ]
        at = self.highlighted
        if len(options) == self.option_count:
            for index, option in enumerate(options):
                if str(self.get_option_at_index(index).prompt) != str(option.prompt):
                    self.replace_option_prompt_at_index(index, option.prompt)
            return
        self.clear_options()
        self.add_options(options)
        if options:
            self.select(0 if at is None else at)

    def select(self, index: int) -> None:
        """Select a line, or the next one that is not a heading."""
        index = max(0, min(index, self.option_count - 1))
        while (
            self.get_option_at_index(index).disabled and index < self.option_count - 1
        ):
            index += 1
        self.highlighted = index


class Panel(Vertical):
    """A list below its heading, which shows whether the list has the focus."""

    def __init__(self, heading: str, name: str) -> None:
        """Start without lines."""
        super().__init__(classes=f"panel {name}")
        self._heading = Static(classes="panel-heading", markup=False)
        self.list = ItemList()
        self.heading = heading

    def compose(self) -> ComposeResult:
        """Stack heading and list."""
        yield self._heading
        yield self.list

    def draw_heading(self) -> None:
        """Mark the focused list: with brackets, independent of colour."""
        has_keys = self.screen.focused is self.list
        heading = f"[{self.heading}]" if has_keys else f" {self.heading} "
        self._heading.update(heading)
        self._heading.set_class(has_keys, "has-keys")


class Page(Horizontal):
    """One page: lists side by side, and actions on the selected line."""

    class Changed(Message):
        """A setting changed."""

    monitor: SetupHost
    """What it changes; set by the setup screen."""

    def __init__(self, *panels: Panel) -> None:
        """Start hidden."""
        super().__init__(classes="page")
        self.panels = panels
        self.display = False

    def compose(self) -> ComposeResult:
        """Lay the lists out."""
        yield from self.panels

    @property
    def panel(self) -> Panel:
        """The focused list, or the first."""
        # `has_focus` of a widget lags by one message.
        focused = self.screen.focused
        return next((it for it in self.panels if it.list is focused), self.panels[0])

    @property
    def at(self) -> int:
        """The selected line of that list."""
        return self.panel.list.highlighted or 0

    def draw(self) -> None:
        """Draw the lists anew."""
        raise NotImplementedError

    def changed(self) -> None:
        """Draw the change, here and around."""
        self.draw()
        self.post_message(self.Changed())

    @property
    def lines(self) -> Sequence[Choice | None]:
        """The lines of the focused list; None for headings."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """The description of the selected line."""
        line = self.lines[self.at] if self.at < len(self.lines) else None
        return "" if line is None else line.description

    @property
    def footer(self) -> Sequence[Binding]:
        """The keys that apply to the selected line."""
        return ()

    def turn(self, step: int) -> None:
        """Change the selected line: more (1), less (-1), or next (0)."""

    def move(self, step: int) -> None:
        """Move the selected line down or up."""

    def take_out(self) -> None:
        """Remove the selected line."""

    def widen(self, step: int) -> None:
        """Make the selected column wider or narrower."""

    def reset(self) -> None:
        """Reset the selected line to its default."""


def cut(text: str, width: int, *, ascii_only: bool) -> str:
    """Return a text truncated to a width, with a mark."""
    if cell_width(text) <= width:
        return text
    mark = "..." if ascii_only else "…"
    room = width - len(mark)
    return f"{fit(text, room).rstrip()}{mark}" if room > 0 else ""


def moved(items: Sequence[str], at: int, step: int) -> tuple[str, ...] | None:
    """Return items with one moved; None if it cannot move there."""
    to = at + step
    if not (0 <= at < len(items) and 0 <= to < len(items)):
        return None
    rest = [*items[:at], *items[at + 1 :]]
    return (*rest[:to], items[at], *rest[to:])

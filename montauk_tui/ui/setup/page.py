"""What the pages of the setup screen share: lists that keep their place."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from montauk_tui.model.text import cell_width, fit
from montauk_tui.session.effects import Choice
from montauk_tui.ui.setup.host import SetupHost


def footer_key(keys: str, action: str, label: str) -> Binding:
    """Return a key that the last line shows."""
    return Binding(keys, f"screen.{action}", label, show=True)


TURN: Final = footer_key("enter", "turn(0)", "Change")
MORE: Final = footer_key("plus", "turn(1)", "More")
LESS: Final = footer_key("minus", "turn(-1)", "Less")
UP: Final = footer_key("f7", "move(-1)", "Up")
DOWN: Final = footer_key("f8", "move(1)", "Down")
REMOVE: Final = footer_key("delete", "remove", "Remove")


class ItemList(OptionList):
    """Lines of which one is selected; it stays so when the lines change."""

    # At once: the list's own message may come when another line is selected already.
    BINDINGS = [Binding("enter", "screen.turn(0)", show=False)]

    def show(self, lines: Sequence[Text | str]) -> None:
        """Show lines; those that are a `str` are headings, which cannot be selected."""
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
        """Select a line, or the next that is no heading."""
        index = max(0, min(index, self.option_count - 1))
        while (
            self.get_option_at_index(index).disabled and index < self.option_count - 1
        ):
            index += 1
        self.highlighted = index


class Panel(Vertical):
    """A list below its heading, which tells whether keys go to the list."""

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
        """Show which list has the keys: brackets, so that colour is not all."""
        has_keys = self.screen.focused is self.list
        heading = f"[{self.heading}]" if has_keys else f" {self.heading} "
        self._heading.update(heading)
        self._heading.set_class(has_keys, "has-keys")


class Page(Horizontal):
    """One page: lists side by side, and what keys do to the line that is selected."""

    class Changed(Message):
        """Something is different now."""

    monitor: SetupHost
    """What it changes; the setup screen says it."""

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
        """The list that has the keys, or would have them."""
        # `has_focus` of a widget is late by a message.
        focused = self.screen.focused
        return next((it for it in self.panels if it.list is focused), self.panels[0])

    @property
    def at(self) -> int:
        """The line that is selected in that list."""
        return self.panel.list.highlighted or 0

    def draw(self) -> None:
        """Draw the lists anew."""
        raise NotImplementedError

    def changed(self) -> None:
        """Draw what is different, here and around."""
        self.draw()
        self.post_message(self.Changed())

    @property
    def lines(self) -> Sequence[Choice | None]:
        """What the lines of the list that has the keys are about; None for headings."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """What the selected line is about."""
        line = self.lines[self.at] if self.at < len(self.lines) else None
        return "" if line is None else line.description

    @property
    def footer(self) -> Sequence[Binding]:
        """The keys that do something to the selected line."""
        return ()

    def turn(self, step: int) -> None:
        """Change the selected line: to more (1), less (-1), or what is next (0)."""

    def move(self, step: int) -> None:
        """Move the selected line down or up."""

    def take_out(self) -> None:
        """Take the selected line out."""

    def widen(self, step: int) -> None:
        """Make what the selected line is about wider or narrower."""

    def reset(self) -> None:
        """Give the selected line back what is usual."""


def cut(text: str, width: int, *, ascii_only: bool) -> str:
    """Return a text that is marked where it had to be cut to so many cells."""
    if cell_width(text) <= width:
        return text
    mark = "..." if ascii_only else "…"
    room = width - len(mark)
    return f"{fit(text, room).rstrip()}{mark}" if room > 0 else ""


def moved(items: Sequence[str], at: int, step: int) -> tuple[str, ...] | None:
    """Return items with one moved; None where it cannot go there."""
    to = at + step
    if not (0 <= at < len(items) and 0 <= to < len(items)):
        return None
    rest = [*items[:at], *items[at + 1 :]]
    return (*rest[:to], items[at], *rest[to:])

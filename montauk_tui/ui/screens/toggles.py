"""A list of switches."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from montauk_tui.session.effects import Toggle
from montauk_tui.ui.widgets.choices import ChoiceList


class _Switches(ChoiceList):
    """The lines; Enter accepts all of them."""

    # The list's own message would come after later keys, a priority binding before
    # earlier ones.
    BINDINGS: ClassVar = [Binding("enter", "screen.take", show=False)]


class TogglesScreen(ModalScreen[frozenset[int] | None]):
    """Returns the numbers that are on, None if cancelled."""

    BINDINGS: ClassVar = [
        Binding("escape,q,f10", "leave", show=False),
        Binding("space", "turn", show=False),
        Binding("a", "all", show=False),
    ]

    def __init__(self, offer: Toggle) -> None:
        """Offer numbers, some of them on."""
        super().__init__()
        self._heading = offer.title
        self._name_of_one = offer.name
        self._numbers = list(offer.numbers)
        self._chosen = set(offer.chosen) & set(offer.numbers)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        options = [Option(self._line(number)) for number in self._numbers]
        with Vertical(id="box") as box:
            box.border_title = Content(self._heading)
            yield _Switches(*options, id="choices")

    def on_mount(self) -> None:
        """Show the keys."""
        self._say()

    def _line(self, number: int) -> Text:
        sign = "x" if number in self._chosen else " "
        return Text(f"[{sign}] {self._name_of_one} {number}")

    def _say(self) -> None:
        message = f"{len(self._chosen)} on  Space toggle  a all  Enter set  Esc cancel"
        self.query_one("#box").border_subtitle = Content(message)

    def _draw_all(self) -> None:
        options = self.query_one(OptionList)
        for index, number in enumerate(self._numbers):
            options.replace_option_prompt_at_index(index, self._line(number))
        self._say()

    def action_turn(self) -> None:
        """Toggle the current line."""
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self._chosen ^= {self._numbers[index]}
            self._draw_all()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Toggle the clicked line."""
        self._chosen ^= {self._numbers[event.option_index]}
        self._draw_all()

    def action_all(self) -> None:
        """Turn all on, or off if all are on."""
        every = set(self._numbers)
        self._chosen = set() if self._chosen == every else every
        self._draw_all()

    def action_take(self) -> None:
        """Accept the numbers that are on."""
        self.dismiss(frozenset(self._chosen))

    def action_leave(self) -> None:
        """Cancel."""
        self.dismiss(None)

"""A list searchable by typing, with an optional switch."""

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from montauk_tui.session.effects import Choice, Pick, Picked
from montauk_tui.ui.widgets.choices import ChoiceList


class PickScreen(ModalScreen[Picked | None]):
    """Returns the accepted line, None if cancelled."""

    BINDINGS = [
        Binding("escape,f10", "leave", show=False),
        Binding("backspace", "rub_out", show=False),
        Binding("tab", "switch", show=False),
    ]

    def __init__(self, offer: Pick) -> None:
        """Offer choices; typing finds words in id and title."""
        super().__init__()
        self._titles = (offer.title, offer.switched_title)
        self._choices = offer.choices
        self._current = offer.current
        self._verb = offer.verb
        self._first = offer.first
        self._adds = offer.switch_adds
        self._switched = False
        self._typed = ""
        self._is_found = True
        self._at: int | None = None
        """The line that typing selected, or started from."""

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        widest = max(len(choice.title) for choice in self._choices)
        options: list[Option | None] = [
            Option(Text(f"{choice.title:{widest}}  {choice.description}".rstrip()))
            for choice in self._choices
        ]
        if self._first:
            options.insert(self._first, None)
        with Vertical(id="box"):
            yield ChoiceList(*options, id="choices")

    def on_mount(self) -> None:
        """Start at the current line."""
        ids = [choice.id for choice in self._choices]
        self._at = ids.index(self._current) if self._current in ids else 0
        self.query_one(OptionList).highlighted = self._at
        self._draw_frame()

    def _draw_frame(self) -> None:
        box = self.query_one("#box")
        box.border_title = Content(self._titles[self._switched])
        if not self._is_found:
            message = f"no match for {self._typed}"
        elif self._typed:
            message = f"{self._typed}: Enter {self._verb}s"
        else:
            change = "leave out" if self._switched else "add"
            switch = f"Tab {change} {self._adds}  " if self._titles[1] else ""
            message = f"Enter {self._verb}  {switch}Esc cancel"
        box.border_subtitle = Content(message)

    # --- typing -----------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Find the typed text."""
        if event.is_printable and event.character and event.key != "space":
            event.stop()
            self._find(self._typed + event.character)

    def action_rub_out(self) -> None:
        """Delete the last character."""
        self._find(self._typed[:-1])

    def _find(self, text: str) -> None:
        self._typed = text
        index = find(self._choices, text)
        self._is_found = index is not None
        if index is not None and text:
            self.query_one(OptionList).highlighted = self._at = index
        self._draw_frame()

    # --- results ----------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Accept the selection unless the typed text matches nothing."""
        if self._is_found:
            chosen = self._choices[event.option_index]
            self.dismiss(Picked(chosen.id, self._switched))

    def on_option_list_option_highlighted(self) -> None:
        """Forget the typed text when another line is selected.

        Compares the current line, not the message's: that may be outdated.
        """
        at = self.query_one(OptionList).highlighted
        if at != self._at:
            self._at, self._typed, self._is_found = at, "", True
            self._draw_frame()

    def action_switch(self) -> None:
        """Toggle the switch."""
        if self._titles[1]:
            self._switched = not self._switched
            self._draw_frame()

    def action_leave(self) -> None:
        """Cancel."""
        self.dismiss(None)


def find(choices: Sequence[Choice], text: str) -> int | None:
    """Return the best match of a text: a whole word, its start, a part."""
    text = text.lower()
    lines = [(c.id.lower(), *c.title.lower().split()) for c in choices]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        for index, words in enumerate(lines):
            if any(fits(word, text) for word in words):
                return index
    return None

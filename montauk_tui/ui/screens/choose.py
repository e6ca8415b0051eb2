"""A short list to select from."""

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from montauk_tui.session.effects import Choose
from montauk_tui.ui.widgets.choices import ChoiceList


class ChooseScreen(ModalScreen[str | None]):
    """Returns the id of the selected line, None if cancelled."""

    BINDINGS = [Binding("escape,q,f10", "leave", show=False)]

    def __init__(
        self, offer: Choose, preview: Callable[[str], None] | None = None
    ) -> None:
        """Offer choices; `preview` is called with each highlighted id."""
        super().__init__(classes="preview" if preview else None)
        self._offer = offer
        self._preview = preview
        self._notes = {it.id: it.note for it in offer.choices if it.note}
        self._ids = [choice.id for choice in offer.choices]
        self._has_begun = offer.current not in self._ids

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        choices = self._offer.choices
        widest = max(len(choice.title) for choice in choices)
        options = [
            Option(Text(f"{choice.title:{widest}}  {choice.description}"), id=choice.id)
            for choice in choices
        ]
        with Vertical(id="box") as box:
            box.border_title = self._offer.title
            box.border_subtitle = "Enter select  Esc cancel"
            yield ChoiceList(*options, id="choices")
            if self._notes:
                most = max(note.count("\n") + 1 for note in self._notes.values())
                note = Static("", id="choice-note", markup=False)
                note.styles.height = most + 1
                yield note

    def on_mount(self) -> None:
        """Start at the current choice."""
        if not self._has_begun:
            at = self._ids.index(self._offer.current)
            self.query_one(OptionList).highlighted = at

    def on_option_list_option_highlighted(
        self, event: OptionList.OptionHighlighted
    ) -> None:
        """Preview the line."""
        if self._notes:
            note = self._notes.get(event.option_id or "", "")
            self.query_one("#choice-note", Static).update(note)
        self._has_begun |= event.option_id == self._offer.current
        if event.option_id is None or not self._has_begun:
            # The list highlights its first line before the current one.
            return
        if self._preview is not None:
            self._preview(event.option_id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Accept the line."""
        self.dismiss(event.option_id)

    def action_leave(self) -> None:
        """Cancel."""
        self.dismiss(None)

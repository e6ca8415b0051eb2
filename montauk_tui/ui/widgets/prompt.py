"""The line in which a text is typed: a filter, a search, an interval."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class PromptBar(Horizontal):
    """A labelled input in place of the key bar; tells what is typed and how it ends."""

    BINDINGS = [
        Binding("escape", "cancel", show=False),
        Binding("f3", "again", show=False),
    ]

    class Typed(Message):
        """The text changed."""

        def __init__(self, kind: str, text: str) -> None:
            """Carry what is asked for and the text so far."""
            super().__init__()
            self.kind, self.text = kind, text

    class Ended(Message):
        """Typing ended."""

        def __init__(self, kind: str, text: str, *, accepted: bool) -> None:
            """Carry the text, and whether it was meant."""
            super().__init__()
            self.kind, self.text, self.accepted = kind, text, accepted

    class Again(Message):
        """The next match is asked for."""

    def __init__(self, kind: str, text: str, hint: str) -> None:
        """Ask for `kind`, starting with `text`."""
        super().__init__()
        self.kind = kind
        self._hint = hint
        self.input = Input(text, placeholder=hint, compact=True, select_on_focus=False)
        self.input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Put the label before the input."""
        yield Label(self.kind.capitalize(), markup=False)
        yield self.input

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on as it is typed."""
        event.stop()
        self.post_message(self.Typed(self.kind, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """End, the text meant."""
        event.stop()
        self.post_message(self.Ended(self.kind, event.value, accepted=True))

    def action_cancel(self) -> None:
        """End, the text not meant."""
        self.post_message(self.Ended(self.kind, self.input.value, accepted=False))

    def action_again(self) -> None:
        """Ask for the next match."""
        self.post_message(self.Again())

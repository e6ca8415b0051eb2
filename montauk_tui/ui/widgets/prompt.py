"""The line in which a text is typed: a filter, a search, an interval."""

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input


class Prompt(Input):
    """An input in place of the key bar; it says how it ended."""

    BINDINGS = [
        Binding("escape", "cancel", show=False),
        Binding("f3,shift+f3", "again", show=False),
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
        super().__init__(
            text, placeholder=hint, id="prompt", compact=True, select_on_focus=False
        )
        self.kind = kind
        self.cursor_blink = False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on as it is typed."""
        event.stop()
        self.post_message(self.Typed(self.kind, self.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """End, the text meant."""
        event.stop()
        self.post_message(self.Ended(self.kind, self.value, accepted=True))

    def action_cancel(self) -> None:
        """End, the text not meant."""
        self.post_message(self.Ended(self.kind, self.value, accepted=False))

    def action_again(self) -> None:
        """Ask for the next match."""
        self.post_message(self.Again())

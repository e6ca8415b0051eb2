"""The prompt: a line to type a filter, a search or an interval."""

from rich.highlighter import Highlighter
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from montauk_tui.engine import query
from montauk_tui.engine.query.complete import complete
from montauk_tui.errors import QueryError

_MOST_OFFERED = 8


class PromptBar(Horizontal):
    """A labelled input in place of the key bar; posts each change and the end."""

    BINDINGS = [
        Binding("escape", "cancel", show=False),
        Binding("f3", "again(1)", show=False),
        Binding("shift+f3", "again(-1)", show=False),
        Binding("tab", "complete", show=False),
    ]

    class Typed(Message):
        """The text changed."""

        def __init__(self, kind: str, text: str) -> None:
            """Carry the kind of the prompt and the text."""
            super().__init__()
            self.kind, self.text = kind, text

    class Ended(Message):
        """Typing ended."""

        def __init__(self, kind: str, text: str, *, accepted: bool) -> None:
            """Carry the text, and whether it was accepted."""
            super().__init__()
            self.kind, self.text, self.accepted = kind, text, accepted

    class Again(Message):
        """Another match is requested."""

        def __init__(self, step: int) -> None:
            """Carry the direction: 1 next, -1 previous."""
            super().__init__()
            self.step = step

    def __init__(self, kind: str, text: str, hint: str) -> None:
        """Ask for `kind`, starting with `text`."""
        super().__init__()
        self.kind = kind
        self._hint = hint
        self._marker = _Marker()
        self.input = Input(
            text,
            placeholder=hint,
            compact=True,
            select_on_focus=False,
            highlighter=self._marker,
        )
        self.input.cursor_blink = False
        self.note = Label("", id="prompt-note", markup=False)
        self.note.display = False

    def compose(self) -> ComposeResult:
        """Put the label before the input, and the note after it."""
        yield Label(self.kind.capitalize(), markup=False)
        yield self.input
        yield self.note

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on as it is typed."""
        event.stop()
        self._judge(event.value)
        self.post_message(self.Typed(self.kind, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Submit if the text is valid; otherwise keep the prompt open."""
        event.stop()
        if self._marker.problem is None:
            self.post_message(self.Ended(self.kind, event.value, accepted=True))

    def action_cancel(self) -> None:
        """Cancel the prompt."""
        self.post_message(self.Ended(self.kind, self.input.value, accepted=False))

    def action_again(self, step: int) -> None:
        """Request the next or previous match."""
        self.post_message(self.Again(step))

    def action_complete(self) -> None:
        """Complete a field name as far as it is unambiguous."""
        if self.kind != "filter":
            return
        cursor = self.input.cursor_position
        found = complete(self.input.value[:cursor])
        if not found.names:
            return
        ended = " " if len(found.names) == 1 and found.names[0][-1] != "." else ""
        self.input.replace(found.longest + ended, found.start, cursor)

    def _judge(self, text: str) -> None:
        """Mark the error in a query, or offer field names."""
        if self.kind != "filter":
            return
        problem: QueryError | None = None
        try:
            query.parse(text)
        except QueryError as error:
            problem = error
        self._marker.problem = problem
        self.note.set_class(problem is not None, "wrong")
        if problem is not None:
            # Without the remedy if that does not fit.
            room = self.size.width * 3 // 5
            message = str(problem) if len(str(problem)) <= room else problem.reason
            self._say(message)
            return
        found = complete(text[: self.input.cursor_position])
        names = [name for name in found.names if name != found.typed.lower()]
        offered = " ".join(names[:_MOST_OFFERED])
        self._say(f"Tab: {offered}" if names else "")

    def _say(self, text: str) -> None:
        self.note.update(text)
        self.note.display = bool(text)


class _Marker(Highlighter):
    """Underlines the error in a query."""

    problem: QueryError | None = None

    def highlight(self, text: Text) -> None:
        """Underline the error; at the end of the text, its last character."""
        if self.problem is None or not text.plain:
            return
        start = min(self.problem.column, len(text.plain)) - 1
        text.stylize("bold underline", start, start + self.problem.length)

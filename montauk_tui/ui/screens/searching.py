"""What screens with a long text share: title, text, keys, and a search in the text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from montauk_tui.ui.keymap import bind
from montauk_tui.ui.widgets.details_view import DetailsView
from montauk_tui.ui.widgets.lines import LinesWidget
from montauk_tui.ui.widgets.output_view import OutputView
from montauk_tui.ui.widgets.status import KeyBar

if TYPE_CHECKING:
    from montauk_tui.ui.widgets.prompt import PromptBar

_LEAST_HEIGHT = 6
"""Lines a terminal must have before the key bar is worth its place."""


class SearchableScreen(ModalScreen[None]):
    """A title, a text to scroll and to search, and the keys."""

    def __init__(
        self, view: DetailsView | OutputView, bindings: Sequence[Binding]
    ) -> None:
        """Show a view; the last key of the bar leads back."""
        super().__init__()
        bind(self, bindings)
        self.title_line = LinesWidget(id="details-title")
        self.text_view = view
        self.keys = KeyBar(bindings)

    def compose(self) -> ComposeResult:
        """Stack the parts."""
        yield self.title_line
        yield self.text_view
        yield self.keys

    def on_mount(self) -> None:
        """Let keys go to the text."""
        self.set_focus(self.text_view)

    def on_resize(self) -> None:
        """Draw for the new size once the parts have theirs."""
        self.keys.display = self.size.height >= _LEAST_HEIGHT
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw what is known."""
        raise NotImplementedError

    # --- keys -------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back to the table."""
        self.dismiss()

    def action_move(self, where: str) -> None:
        """Scroll the text."""
        getattr(self.text_view, f"scroll_{where}")(animate=False)

    async def action_search(self) -> None:
        """Ask for a text to find."""
        # 25 ms of start-up.
        from montauk_tui.ui.widgets.prompt import PromptBar  # noqa: PLC0415

        await self.query("PromptBar").remove()
        prompt = PromptBar("search", "", "any text; F3 next, Enter accepts")
        self.keys.display = False
        await self.mount(prompt)
        self.set_focus(prompt.input)

    def action_next(self, step: int) -> None:
        """Go to the next place of what was searched, or to the one before."""
        self.text_view.search_next(step)

    def on_prompt_bar_typed(self, message: "PromptBar.Typed") -> None:
        """Search while the text is typed."""
        message.stop()
        self.text_view.search(message.text)

    def on_prompt_bar_again(self, message: "PromptBar.Again") -> None:
        """Go to the next place, or to the one before."""
        message.stop()
        self.action_next(message.step)

    def on_prompt_bar_ended(self, message: "PromptBar.Ended") -> None:
        """Go back to the text; without Enter nothing stays marked."""
        message.stop()
        if not message.accepted:
            self.text_view.search("")
        self.set_focus(self.text_view)
        self.query("PromptBar").remove()
        self.keys.display = self.size.height >= _LEAST_HEIGHT
        self.call_after_refresh(self.draw)

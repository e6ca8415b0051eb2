"""Base of screens with a long text: title, text, keys, and search."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from montauk_tui.ui.keymap import bind
from montauk_tui.ui.widgets.details_view import DetailsView
from montauk_tui.ui.widgets.lines import LinesWidget
from montauk_tui.ui.widgets.status import KeyBar
from montauk_tui.ui.widgets.text_view import TextView

if TYPE_CHECKING:
    from montauk_tui.ui.widgets.prompt import PromptBar

_OF_THE_PAGE = ("section", "jump", "pause", "refresh")
"""Keys of the details page that mean nothing for another text."""

_LEAST_HEIGHT = 6
"""Least terminal height for the key bar."""


def general_keys(bindings: Sequence[Binding]) -> list[Binding]:
    """Return the keys of the details page that are useful for any text."""
    return [
        binding
        for binding in bindings
        if not binding.action.partition(".")[2].startswith(_OF_THE_PAGE)
    ]


class SearchableScreen(ModalScreen[None]):
    """A title, a text to scroll and search, and the key bar."""

    def __init__(
        self, view: DetailsView | TextView, bindings: Sequence[Binding]
    ) -> None:
        """Show a view; the last key of the bar returns."""
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
        """Focus the text."""
        self.set_focus(self.text_view)

    def on_resize(self) -> None:
        """Draw once the parts have their new sizes."""
        self.keys.display = self.size.height >= _LEAST_HEIGHT
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw the known values."""
        raise NotImplementedError

    # --- keys -------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Return to the table."""
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
        """Go to the next or previous match."""
        self.text_view.search_next(step)

    def on_prompt_bar_typed(self, message: "PromptBar.Typed") -> None:
        """Search while the text is typed."""
        message.stop()
        self.text_view.search(message.text)

    def on_prompt_bar_again(self, message: "PromptBar.Again") -> None:
        """Go to the next or previous match."""
        message.stop()
        self.action_next(message.step)

    def on_prompt_bar_ended(self, message: "PromptBar.Ended") -> None:
        """Return to the text; without Enter the marks are cleared."""
        message.stop()
        if not message.accepted:
            self.text_view.search("")
        self.set_focus(self.text_view)
        self.query("PromptBar").remove()
        self.keys.display = self.size.height >= _LEAST_HEIGHT
        self.call_after_refresh(self.draw)

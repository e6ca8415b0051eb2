"""The command palette: the same actions as the keys."""

from collections.abc import Sequence
from functools import partial

from textual.binding import Binding
from textual.command import (
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
)

from montauk_tui.ui.bindings import key_names
from montauk_tui.ui.screens.main import MainScreen


class KeyCommands(Provider):
    """Offers every binding by its description, its key named."""

    def _bindings(self) -> Sequence[Binding]:
        """Return the keys of the main screen, from which the palette is called."""
        return self.screen.used if isinstance(self.screen, MainScreen) else ()

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for binding in self._bindings():
            title = _title(binding)
            run = partial(self.app.run_action, binding.action)
            yield DiscoveryHit(title, run, help=binding.tooltip)

    async def search(self, query: str) -> Hits:
        """Offer what matches the text."""
        matcher = self.matcher(query)
        for binding in self._bindings():
            title = _title(binding)
            score = max(matcher.match(title), matcher.match(binding.tooltip))
            if score > 0:
                run = partial(self.app.run_action, binding.action)
                yield Hit(score, matcher.highlight(title), run, help=binding.tooltip)


class Palette(CommandPalette):
    """The palette, also on a screen that has no line for its list."""

    def __init__(self) -> None:
        """Ask for a name."""
        super().__init__(placeholder="Type the name of an action")

    def _action_command_list(self, action: str) -> None:
        # A list that was never laid out does not know how many lines a page has.
        if self.query_one(CommandList)._index_to_line:  # noqa: SLF001
            super()._action_command_list(action)


def _title(binding: Binding) -> str:
    names = key_names(binding)
    return f"{binding.description}  ({names[0]})" if names else binding.description

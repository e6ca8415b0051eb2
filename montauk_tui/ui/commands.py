"""The command palette: the same actions as the keys."""

from collections.abc import Sequence
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider

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


def _title(binding: Binding) -> str:
    names = key_names(binding)
    return f"{binding.description}  ({names[0]})" if names else binding.description

"""The command palette: the same actions as the keys."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from montauk_tui.ui.bindings import BINDINGS, key_names


class KeyCommands(Provider):
    """Offers every binding by its description, its key named."""

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for binding in BINDINGS:
            title = f"{binding.description}  ({key_names(binding)[0]})"
            run = partial(self.app.run_action, binding.action)
            yield DiscoveryHit(title, run, help=binding.tooltip)

    async def search(self, query: str) -> Hits:
        """Offer what matches the text."""
        matcher = self.matcher(query)
        for binding in BINDINGS:
            title = f"{binding.description}  ({key_names(binding)[0]})"
            score = max(matcher.match(title), matcher.match(binding.tooltip))
            if score > 0:
                run = partial(self.app.run_action, binding.action)
                yield Hit(score, matcher.highlight(title), run, help=binding.tooltip)

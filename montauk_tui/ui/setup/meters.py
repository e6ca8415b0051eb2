"""The page of the meters: selection, order and style."""

from collections.abc import Sequence
from dataclasses import replace

from montauk_tui.engine.meters import METERS, Chosen, parse
from montauk_tui.session.effects import Choice
from montauk_tui.ui.setup.chooser import ChooserPage
from montauk_tui.ui.setup.page import footer_key


class MetersPage(ChooserPage):
    """The meters of the header."""

    steps = (footer_key("greater_than_sign", "widen(1)", "Style"),)

    def __init__(self) -> None:
        """Begin with the first meter."""
        super().__init__("Meters")

    def entries(self) -> tuple[str, ...]:
        """Return the meters that are shown."""
        return tuple(one.entry for one in self.monitor.session.choices.chosen_meters)

    def offers(self) -> Sequence[Choice]:
        """Return all meters."""
        return [Choice(it.id, it.id, it.description) for it in METERS.values()]

    def choose(self, entries: tuple[str, ...]) -> None:
        """Show other meters."""
        choices = self.monitor.session.choices
        self.monitor.choose(replace(choices, chosen_meters=parse(entries)))

    def detail(self, entry: str) -> str:
        """Return its style."""
        return parse([entry])[0].style

    def widened(self, entry: str, step: int) -> str:
        """Return the entry in its next style, wrapping around."""
        (one,) = parse([entry])
        styles = one.meter.styles
        style = styles[(styles.index(one.style) + step) % len(styles)]
        return Chosen(one.meter, style).entry

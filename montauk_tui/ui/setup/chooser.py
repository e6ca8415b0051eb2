"""Pages on which things are chosen and put in order: what is chosen, and the rest."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding

from montauk_tui.engine.columns import table
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.model.text import cell_width
from montauk_tui.session.effects import Choice
from montauk_tui.session.tabs import MAIN
from montauk_tui.ui.setup.page import (
    DOWN,
    REMOVE,
    UP,
    Page,
    Panel,
    cut,
    footer_key,
    moved,
)

_ADD = footer_key("enter", "turn(0)", "Add")


class ChooserPage(Page):
    """Two lists: what is chosen, in its order, and what else there is.

    An entry is an id, with `:` and a detail behind it where it has one.
    """

    def __init__(self, heading: str) -> None:
        """Start with nothing to choose from."""
        self.chosen = Panel(heading, "chosen")
        self.others = Panel("Available", "others")
        super().__init__(self.chosen, self.others)

    # --- what a page says -------------------------------------------------------------

    def entries(self) -> tuple[str, ...]:
        """Return what is chosen."""
        raise NotImplementedError

    def offers(self) -> Sequence[Choice]:
        """Return all there is."""
        raise NotImplementedError

    def choose(self, entries: tuple[str, ...]) -> None:
        """Take another choice."""
        raise NotImplementedError

    def arranged(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        """Return entries in the order in which they can be chosen."""
        return entries

    def detail(self, _entry: str) -> str:
        """Return what is said of a chosen entry beside its title."""
        return ""

    def widened(self, entry: str, _step: int) -> str:
        """Return an entry with the next detail, or with the one before."""
        return entry

    # --- what all of them do ----------------------------------------------------------

    def draw(self) -> None:
        """Draw both lists."""
        titles = {offer.id: offer.title for offer in self.offers()}
        widest = max(map(len, titles.values()))
        self.chosen.list.show(
            [
                Text(f"{titles[_id_of(it)]:{widest}}  {self.detail(it)}".rstrip())
                for it in self.entries()
            ]
        )
        self.others.list.show(
            [
                Text(f"{it.title:{widest}}  {it.description}", no_wrap=True)
                for it in self._rest()
            ]
        )

    def _rest(self) -> list[Choice]:
        chosen = {_id_of(entry) for entry in self.entries()}
        return [offer for offer in self.offers() if offer.id not in chosen]

    steps: ClassVar[tuple[Binding, ...]] = ()
    """The keys of `widened`."""

    @property
    def footer(self) -> Sequence[Binding]:
        """Adding in one list; order and details in the other."""
        if self.panel is self.others:
            return (_ADD,)
        return (UP, DOWN, *self.steps, REMOVE)

    @property
    def lines(self) -> Sequence[Choice]:
        """What the list that has the keys offers."""
        if self.panel is self.others:
            return self._rest()
        offers = {offer.id: offer for offer in self.offers()}
        return [offers[_id_of(entry)] for entry in self.entries()]

    @property
    def hint(self) -> str:
        """What the selected one is, and where it would come."""
        said, rest = super().hint, self._rest()
        if self.panel is not self.others or self.at >= len(rest):
            return said
        added = rest[self.at].id
        after = self._with(added)[: self._with(added).index(added)]
        titles = {offer.id: offer.title for offer in self.offers()}
        place = f"after {titles[_id_of(after[-1])]}" if after else "first"
        where = f"Enter adds it {place}"
        # Where a line is short of room, the other list still says what it is.
        room = self.screen.size.width - 2 - cell_width(f"; {where}")
        said = cut(said, room, ascii_only=self.monitor.session.choices.ascii)
        return f"{said}; {where}" if said else where

    def _with(self, added: str) -> tuple[str, ...]:
        """Return the entries with one behind that selected among them."""
        entries, at = self.entries(), (self.chosen.list.highlighted or 0) + 1
        return self.arranged((*entries[:at], added, *entries[at:]))

    def turn(self, step: int) -> None:
        """Add the selected one behind the one selected in the other list."""
        rest = self._rest()
        if self.panel is self.others and step >= 0 and self.at < len(rest):
            at = (self.chosen.list.highlighted or 0) + 1
            self.choose(self._with(rest[self.at].id))
            self.changed()
            self.chosen.list.select(at)
        elif self.panel is self.chosen and step < 0:
            self.take_out()

    def move(self, step: int) -> None:
        """Move the selected one."""
        entries = moved(self.entries(), self.at, step)
        if self.panel is self.chosen and entries is not None:
            at, entry = self.at + step, self.entries()[self.at]
            self.choose(entries)
            self.changed()
            if self.entries()[at] == entry:
                self.chosen.list.select(at)

    def take_out(self) -> None:
        """Take the selected one out, unless it is the last."""
        entries, at = self.entries(), self.at
        if self.panel is self.chosen and len(entries) > 1:
            self.choose((*entries[:at], *entries[at + 1 :]))
            self.changed()
            self.chosen.list.select(at)

    def widen(self, step: int) -> None:
        """Give the selected one another detail."""
        entries, at = self.entries(), self.at
        if self.panel is self.chosen:
            new = self.widened(entries[at], step)
            self.choose((*entries[:at], new, *entries[at + 1 :]))
            self.changed()


def _id_of(entry: str) -> str:
    return entry.partition(":")[0]


class ColumnsPage(ChooserPage):
    """The columns of one tab, and how wide they are."""

    steps = (
        footer_key("less_than_sign", "widen(-1)", "Narrower"),
        footer_key("greater_than_sign", "widen(1)", "Wider"),
    )

    def __init__(self) -> None:
        """Begin with the first tab."""
        super().__init__("Columns")
        self._tab = MAIN

    def show_tab(self, tab_id: str) -> None:
        """Be about another tab."""
        self._tab = tab_id
        tab = self.monitor.session.choices.tabs.every[tab_id]
        self.chosen.heading = f"Columns of {tab.title}"
        for panel in self.panels:
            # So that both begin at their first line.
            panel.list.clear_options()
        self.chosen.draw_heading()

    def entries(self) -> tuple[str, ...]:
        """Return the columns of the tab."""
        return self.monitor.session.choices.tabs.every[self._tab].columns

    def offers(self) -> Sequence[Choice]:
        """Return all columns but one of the two that are one on two scales."""
        return [
            Choice(column.id, column.title, column.description)
            for column in COLUMNS.values()
            if column.id != "ncpu_pct" or "ncpu_pct" in self.entries()
        ]

    def arranged(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        """Return entries with the command behind."""
        return table.command_last(entries)

    def choose(self, entries: tuple[str, ...]) -> None:
        """Give the tab other columns."""
        choices = self.monitor.session.choices
        tabs = choices.tabs.with_columns(self._tab, self.arranged(entries))
        self.monitor.choose(choices.with_tabs(tabs))

    def detail(self, entry: str) -> str:
        """Return how wide it is."""
        width = table.width_of(entry)
        return f"{width:3}" if width else "rest"

    def widened(self, entry: str, step: int) -> str:
        """Return the entry a cell wider or narrower, as far as that goes."""
        column = COLUMNS[table.id_of(entry)]
        if not column.width:
            return entry
        width = table.width_of(entry) + step
        if not table.least_width(column) <= width <= table.WIDEST:
            return entry
        return table.with_width(column.id, width)

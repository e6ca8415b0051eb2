"""Pages that select and order entries: the selected ones, and the available ones."""

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
    """Two lists: the selected entries in order, and the available ones.

    An entry is an id, or id, `:` and a detail.
    """

    def __init__(self, heading: str) -> None:
        """Start empty."""
        self.chosen = Panel(heading, "chosen")
        self.others = Panel("Available", "others")
        super().__init__(self.chosen, self.others)

    # --- contents of a page -----------------------------------------------------------

    def entries(self) -> tuple[str, ...]:
        """Return the selected entries."""
        raise NotImplementedError

    def offers(self) -> Sequence[Choice]:
        """Return all available entries."""
        raise NotImplementedError

    def choose(self, entries: tuple[str, ...]) -> None:
        """Apply another selection."""
        raise NotImplementedError

    def arranged(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        """Return entries in an allowed order."""
        return entries

    def detail(self, _entry: str) -> str:
        """Return the detail of a selected entry for display."""
        return ""

    def widened(self, entry: str, _step: int) -> str:
        """Return an entry with the next or previous detail."""
        return entry

    # --- common behaviour -------------------------------------------------------------

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
        """Keys: add in one list, order and details in the other."""
        if self.panel is self.others:
            return (_ADD,)
        return (UP, DOWN, *self.steps, REMOVE)

    @property
    def lines(self) -> Sequence[Choice]:
        """The lines of the focused list."""
        if self.panel is self.others:
            return self._rest()
        offers = {offer.id: offer for offer in self.offers()}
        return [offers[_id_of(entry)] for entry in self.entries()]

    @property
    def hint(self) -> str:
        """The description of the selected line, and where it would be added."""
        message, rest = super().hint, self._rest()
        if self.panel is not self.others or self.at >= len(rest):
            return message
        added = rest[self.at].id
        after = self._with(added)[: self._with(added).index(added)]
        titles = {offer.id: offer.title for offer in self.offers()}
        place = f"after {titles[_id_of(after[-1])]}" if after else "first"
        where = f"Enter adds it {place}"
        # On a narrow screen the description is still in the other list.
        room = self.screen.size.width - 2 - cell_width(f"; {where}")
        message = cut(message, room, ascii_only=self.monitor.session.choices.ascii)
        return f"{message}; {where}" if message else where

    def _with(self, added: str) -> tuple[str, ...]:
        """Return the entries with one added after the selected one."""
        entries, at = self.entries(), (self.chosen.list.highlighted or 0) + 1
        return self.arranged((*entries[:at], added, *entries[at:]))

    def turn(self, step: int) -> None:
        """Add the selected line after the selected entry of the other list."""
        rest = self._rest()
        if self.panel is self.others and step >= 0 and self.at < len(rest):
            at = (self.chosen.list.highlighted or 0) + 1
            self.choose(self._with(rest[self.at].id))
            self.changed()
            self.chosen.list.select(at)
        elif self.panel is self.chosen and step < 0:
            self.take_out()

    def move(self, step: int) -> None:
        """Move the selected entry."""
        entries = moved(self.entries(), self.at, step)
        if self.panel is self.chosen and entries is not None:
            at, entry = self.at + step, self.entries()[self.at]
            self.choose(entries)
            self.changed()
            if self.entries()[at] == entry:
                self.chosen.list.select(at)

    def take_out(self) -> None:
        """Remove the selected entry, unless it is the only one."""
        entries, at = self.entries(), self.at
        if self.panel is self.chosen and len(entries) > 1:
            self.choose((*entries[:at], *entries[at + 1 :]))
            self.changed()
            self.chosen.list.select(at)

    def widen(self, step: int) -> None:
        """Change the detail of the selected entry."""
        entries, at = self.entries(), self.at
        if self.panel is self.chosen:
            new = self.widened(entries[at], step)
            self.choose((*entries[:at], new, *entries[at + 1 :]))
            self.changed()


def _id_of(entry: str) -> str:
    return entry.partition(":")[0]


class ColumnsPage(ChooserPage):
    """The columns of one tab, and their widths."""

    steps = (
        footer_key("less_than_sign", "widen(-1)", "Narrower"),
        footer_key("greater_than_sign", "widen(1)", "Wider"),
    )

    def __init__(self) -> None:
        """Begin with the first tab."""
        super().__init__("Columns")
        self._tab = MAIN

    def show_tab(self, tab_id: str) -> None:
        """Switch to another tab."""
        self._tab = tab_id
        tab = self.monitor.session.choices.tabs.every[tab_id]
        self.chosen.heading = f"Columns of {tab.title}"
        for panel in self.panels:
            # Both lists start at their first line.
            panel.list.clear_options()
        self.chosen.draw_heading()

    def entries(self) -> tuple[str, ...]:
        """Return the columns of the tab."""
        return self.monitor.session.choices.tabs.every[self._tab].columns

    def offers(self) -> Sequence[Choice]:
        """Return all columns, CPU% once."""
        return [
            Choice(column.id, column.title, column.description)
            for column in COLUMNS.values()
            if column.id != "ncpu_pct" or "ncpu_pct" in self.entries()
        ]

    def arranged(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        """Return entries with the command last."""
        return table.command_last(entries)

    def choose(self, entries: tuple[str, ...]) -> None:
        """Change the columns of the tab."""
        choices = self.monitor.session.choices
        tabs = choices.tabs.with_columns(self._tab, self.arranged(entries))
        self.monitor.choose(choices.with_tabs(tabs))

    def detail(self, entry: str) -> str:
        """Return its width."""
        width = table.width_of(entry)
        return f"{width:3}" if width else "rest"

    def widened(self, entry: str, step: int) -> str:
        """Return the entry one cell wider or narrower, within its limits."""
        column = COLUMNS[table.id_of(entry)]
        if not column.width:
            return entry
        width = table.width_of(entry) + step
        if not table.least_width(column) <= width <= table.WIDEST:
            return entry
        return table.with_width(column.id, width)

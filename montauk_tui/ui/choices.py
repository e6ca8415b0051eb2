"""What the user has chosen to see, as one frozen value that keys replace."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

from montauk_tui.config import Settings
from montauk_tui.engine import query
from montauk_tui.engine.columns import COLUMNS, Column
from montauk_tui.engine.folds import Folds
from montauk_tui.engine.projection import View
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Need
from montauk_tui.ui.tabs import GROUPINGS, MAIN, TABS, Shown

_TREE: Final = "tree"
"""Where the order of siblings is kept, beside those of the tabs."""

_SIBLINGS: Final = "siblings"
"""Where the order of siblings is kept that they had before that by start, or after."""

_START: Final = "start"


def _place(tab_id: str, *, tree: bool) -> str:
    return _TREE if tree and tab_id == MAIN else tab_id


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything a key can change about what is on the screen."""

    view: View
    columns: tuple[str, ...]
    interval_s: float
    machine_scale: bool
    ascii: bool
    filter_text: str = ""
    search_text: str = ""
    paths: bool = True
    meters: bool = True
    paused: bool = False
    tab: str = MAIN
    orders: Mapping[str, tuple[Column, bool]] = field(default_factory=dict)
    """Sort column and direction of what is not shown: tabs, tree or list."""
    linger_s: float = 5.0
    """How long processes that ended stay in the main tab."""
    ended: bool = True
    """Whether they are shown there."""
    grouping: str = "parent"
    """What the spawners are grouped by."""
    opened: frozenset[int] = frozenset()
    """Rows of many processes that show each of them."""
    tags: frozenset[Identity] = frozenset()
    """Processes that were tagged, all of them alive."""
    following: Identity | None = None
    """The process that stays selected and in sight."""
    merged: bool = False
    """Whether a name that is not that of the program stands before the command."""
    read_only: bool = False
    """Whether keys that act on processes do nothing."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return what the user wants to start with."""
        sort = COLUMNS[settings.sort]
        descending = settings.descending
        choices = cls(
            view=View(
                sort=sort,
                descending=sort.descending if descending is None else descending,
                query=query.parse(settings.filter),
                kernel_threads=settings.kernel_threads,
                user_threads=settings.user_threads,
            ),
            columns=settings.columns,
            interval_s=settings.interval_s,
            machine_scale=settings.machine_scale,
            ascii=settings.ascii,
            filter_text=settings.filter,
            linger_s=settings.linger_s,
            read_only=settings.read_only,
        )
        return choices.with_tree(wanted=settings.tree)

    def on_tab(self, tab_id: str) -> Self:
        """Return the choices on another tab, in the order that it had."""
        return self._moved_to(tab_id, tree=self.view.tree)

    def _moved_to(self, tab_id: str, *, tree: bool) -> Self:
        here, there = _place(self.tab, tree=self.view.tree), _place(tab_id, tree=tree)
        if here == there:
            return self
        orders = {**self.orders, here: (self.view.sort, self.view.descending)}
        first = COLUMNS[_START] if there == _TREE else TABS[tab_id].sort_column
        usual = (first, first.descending and there != _TREE)
        sort, descending = orders.get(there, usual)
        view = replace(self.view, sort=sort, descending=descending)
        return replace(self, tab=tab_id, orders=orders, view=view)

    def with_tree(self, *, wanted: bool) -> Self:
        """Return the choices with the tree or the list, each in its own order."""
        choices = self._moved_to(self.tab, tree=wanted)
        return replace(choices, view=replace(choices.view, tree=wanted))

    def siblings_next(self) -> Self:
        """Return the choices with siblings by start or by the column before that."""
        view = self.view
        if not self.in_tree:
            return self
        if view.sort.id != _START:
            sort, descending = COLUMNS[_START], False
        else:
            sort, descending = self.orders.get(_SIBLINGS) or self.orders[MAIN]
        orders = {**self.orders, _SIBLINGS: (view.sort, view.descending)}
        view = replace(view, sort=sort, descending=descending)
        return replace(self, view=view, orders=orders)

    def with_folds(self, folds: Folds) -> Self:
        """Return the choices with other branches of the tree folded."""
        return replace(self, view=replace(self.view, folds=folds))

    @property
    def in_tree(self) -> bool:
        """Whether a tree is shown: only the main tab has one."""
        return self.view.tree and self.tab == MAIN

    @property
    def shown_view(self) -> View:
        """The view of the tab that is shown: only the main one has a tree."""
        return replace(self.view, tree=self.in_tree)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns of the tab that is shown."""
        return TABS[self.tab].columns or self.columns

    @property
    def shown(self) -> Shown:
        """What decides about the rows."""
        linger_s = self.linger_s if self.ended else 0.0
        ghosts = self.in_tree and self.ended
        return Shown(self.tab, linger_s, self.opened, self.grouping, ghosts)

    def grouped_next(self) -> Self:
        """Return the choices with the spawners grouped by the next thing."""
        names = list(GROUPINGS)
        following = names[(names.index(self.grouping) + 1) % len(names)]
        return replace(self, grouping=following)

    def toggled(self, fold: int) -> Self:
        """Return the choices with a row of many opened or closed."""
        return replace(self, opened=self.opened ^ {fold})

    def with_filter(self, text: str) -> Self:
        """Return the choices with another filter.

        Raises:
            QueryError: It means nothing.
        """
        view = replace(self.view, query=query.parse(text))
        return replace(self, filter_text=text, view=view)

    def sorted_by(self, column: Column) -> Self:
        """Return the choices sorted by `column`; the same again turns the order."""
        same = column.id == self.view.sort.id
        descending = not self.view.descending if same else column.descending
        view = replace(self.view, sort=column, descending=descending)
        return replace(self, view=view)

    @property
    def needs(self) -> Need:
        """What a sample must hold for all of this."""
        needs = self.view.sort.need | self.view.query.needs
        if self.search_text:
            needs |= Need.CMDLINE
        if self.view.user_threads:
            needs |= Need.THREADS
        if not self.view.containers:
            needs |= Need.CONTAINERS
        return needs

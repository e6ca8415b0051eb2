"""The user's choices, as one frozen value that actions replace."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from montauk_tui.config import Preferences, Settings
from montauk_tui.config.options import preferences_of
from montauk_tui.engine import meters, query
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS, id_of
from montauk_tui.engine.folds import Folds
from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.meters import USUAL, Chosen
from montauk_tui.engine.projection import View
from montauk_tui.engine.query import EVERYTHING, Query
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Need
from montauk_tui.session.tabs import (
    GROUPINGS,
    GROUPS,
    LISTINGS,
    MAIN,
    PROCESSES,
    SPAWNERS,
    Shown,
    Tab,
    Tabs,
)

_START: Final = "start"


SPEEDS: Final = (1, 10, 60)
"""Of a recording that is played."""
SHORTEST_S: Final = 0.1
"""Between two frames of it: more often nobody can read them."""


class Pace(NamedTuple):
    """How fast frames come."""

    interval_s: float
    stride: int
    """Moments from one to the next."""


LEAST_HEIGHT_FOR_TIMELINE: Final = 40
"""Lines of a screen that shows it without being asked."""


class Place(NamedTuple):
    """A view with its own sort order: the list or the tree of a tab."""

    tab: str
    tree: bool = False
    siblings: bool = False
    """Marks the order of siblings before that by start time."""


LEAST_WIDTH_FOR_PATHS: Final = 40
"""Cells of the command; below that, folders would leave no room for arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(Preferences):
    """Everything that actions can change about the display.

    The preferences are the same fields as those of the settings.
    """

    view: View
    tabs: Tabs
    only: Query = EVERYTHING
    """A filter that stays until montauk quits."""
    filter_text: str = ""
    search_text: str = ""
    meters: bool = True
    """Whether the header is shown."""
    chosen_meters: tuple[Chosen, ...] = USUAL
    """Its meters, in order."""
    paused: bool = False
    speed: int = 1
    """How many times as fast as it was recorded a recording plays."""
    tab: str = MAIN
    orders: Mapping[Place, tuple[Column, bool]] = field(default_factory=dict)
    """Sort column and direction of views that are not shown."""
    trees: frozenset[str] = frozenset()
    """Tabs that show a tree."""
    exited: bool = True
    """Whether exited processes are shown in Main."""
    grouping: str = "parent"
    """What the spawners are grouped by."""
    criterion: str = next(iter(CRITERIA))
    """What the groups are made by."""
    opened: frozenset[RowKey] = frozenset()
    """The groups of exited processes that are open."""
    tags: frozenset[Identity] = frozenset()
    """Tagged processes, all alive."""
    following: Identity | None = None
    """The followed process."""
    merged: bool = False
    """Whether a name that differs from the program's precedes the command."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the initial choices."""
        tabs = Tabs.from_settings(settings)
        sort, descending = tabs.every[MAIN].order
        choices = cls(
            **preferences_of(settings),
            view=View(
                sort, descending, query=query.parse(settings.filter), uid=settings.uid
            ),
            chosen_meters=meters.parse(settings.meters),
            tabs=tabs,
            only=query.of_pids(settings.pids),
            filter_text=settings.filter,
        )
        trees = frozenset(tab.id for tab in tabs.every.values() if tab.tree)
        return replace(choices, trees=trees).with_tree(wanted=settings.tree)

    def on_tab(self, tab_id: str) -> Self:
        """Return the choices on another tab, in its order."""
        return self._moved_to(Place(tab_id, tab_id in self.trees))

    def _moved_to(self, there: Place) -> Self:
        orders = {**self.orders, self._here: (self.view.sort, self.view.descending)}
        tab = self.tabs.every[there.tab]
        by_start = there.tree and tab.rows == PROCESSES
        usual = (COLUMNS[_START], False) if by_start else tab.order
        sort, descending = orders.get(there, usual)
        view = replace(self.view, sort=sort, descending=descending, tree=there.tree)
        return replace(self, tab=there.tab, orders=orders, view=view)

    @property
    def _here(self) -> Place:
        return Place(self.tab, self.view.tree)

    def with_tree(self, *, wanted: bool) -> Self:
        """Return the choices in tree or list view, each in its own order."""
        wanted = wanted and self.tab_now.has_tree
        choices = self._moved_to(Place(self.tab, wanted))
        trees = self.trees | {self.tab} if wanted else self.trees - {self.tab}
        return replace(choices, trees=trees)

    def order_of(self, tab_id: str) -> tuple[Column, bool]:
        """Return the sort order of a tab's list, shown or not."""
        there = Place(tab_id)
        if there == self._here:
            return self.view.sort, self.view.descending
        return self.orders.get(there, self.tabs.every[tab_id].order)

    def siblings_next(self) -> Self:
        """Return the choices with siblings by start time or by the previous column."""
        view = self.view
        if not view.tree:
            return self
        before = Place(self.tab, tree=True, siblings=True)
        if view.sort.id != _START:
            sort, descending = COLUMNS[_START], False
        else:
            sort, descending = self.orders.get(before) or self.order_of(self.tab)
        orders = {**self.orders, before: (view.sort, view.descending)}
        view = replace(view, sort=sort, descending=descending)
        return replace(self, view=view, orders=orders)

    def with_tabs(self, tabs: Tabs) -> Self:
        """Return the choices with other tabs."""
        return replace(self, tabs=tabs)

    def with_folds(self, folds: Folds) -> Self:
        """Return the choices with other branches of the tree folded."""
        return replace(self, view=replace(self.view, folds=folds))

    @property
    def tab_now(self) -> Tab:
        """The tab that is shown."""
        return self.tabs.every[self.tab]

    def shows_timeline(self, height: int) -> bool:
        """Tell whether a screen of so many lines shows the timeline."""
        if self.timeline == "auto":
            return height >= LEAST_HEIGHT_FOR_TIMELINE
        return self.timeline == "on"

    @property
    def pace(self) -> Pace:
        """How fast frames come."""
        interval_s = self.interval_s / self.speed
        if interval_s >= SHORTEST_S or self.speed == 1:
            return Pace(interval_s, 1)
        return Pace(SHORTEST_S, max(1, round(SHORTEST_S / interval_s)))

    @property
    def in_tree(self) -> bool:
        """Whether a tree is shown."""
        return self.view.tree

    @property
    def shown_view(self) -> View:
        """The view of the current tab, with its own filter and the preferences."""
        tab, only = self.tab_now, self.only
        if tab.is_of_devices:
            # They belong to no process and no user.
            only = EVERYTHING
        return replace(
            self.view,
            query=tab.query.both(only).both(self.view.query),
            uid=None if tab.is_of_devices else self.view.uid,
            kernel_threads=self.kernel_threads,
            user_threads=self.user_threads,
        )

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns of the tab that is shown."""
        return self.tab_now.columns

    @property
    def shown(self) -> Shown:
        """The parameters that determine the rows."""
        linger_s = self.linger_s if self.exited else 0.0
        exited_parents = self.in_tree and self.exited
        return Shown(
            self.tab_now.rows, linger_s, self.opened, self.grouping, exited_parents,
            self.criterion, self.in_tree,
        )  # fmt: skip

    def grouped_next(self) -> Self:
        """Return the choices with the rows of the tab grouped by the next thing."""
        if self.tab_now.rows == SPAWNERS:
            return replace(self, grouping=_after(self.grouping, GROUPINGS))
        return replace(self, criterion=_after(self.criterion, CRITERIA))

    @property
    def grouped_by(self) -> str:
        """What the rows of the tab are grouped by; empty if they are not."""
        by = {SPAWNERS: self.grouping, GROUPS: self.criterion}
        return by.get(self.tab_now.rows, "")

    @property
    def heading(self) -> str:
        """The title above the names of the rows; empty if they are commands."""
        grouped = self.grouped_by
        if grouped and grouped != next(iter(GROUPINGS)):
            return grouped.capitalize()
        return LISTINGS[self.tab_now.rows].heading

    def toggled(self, fold: RowKey) -> Self:
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
        """The needs of a sample for these choices."""
        needs = self.view.sort.need | self.shown_view.query.needs
        if self.meters:
            needs |= meters.needs(self.chosen_meters)
        shown = (COLUMNS[id_of(entry)] for entry in self.shown_columns)
        needs |= Need.union(column.show_need for column in shown)
        if self.tab_now.rows == GROUPS:
            needs |= CRITERIA[self.criterion].need
        needs |= LISTINGS[self.tab_now.rows].need
        if self.search_text:
            needs |= Need.CMDLINE
        if self.user_threads:
            needs |= Need.THREADS
        if not self.view.containers:
            needs |= Need.CONTAINERS
        return needs


def _after(name: str, names: Iterable[str]) -> str:
    """Return the name that follows another, after the last the first."""
    every = list(names)
    return every[(every.index(name) + 1) % len(every)]

"""What the user has chosen to see, as one frozen value that keys replace."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from montauk_tui.config import Settings
from montauk_tui.engine import query
from montauk_tui.engine.columns import COLUMNS, Column
from montauk_tui.engine.projection import View
from montauk_tui.model.schema import Need
from montauk_tui.ui.tabs import GROUPINGS, MAIN, TABS, Shown


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
    """Sort column and direction of the tabs that are not shown."""
    linger_s: float = 5.0
    """How long processes that ended stay in the main tab."""
    ended: bool = True
    """Whether they are shown there."""
    grouping: str = "parent"
    """What the spawners are grouped by."""
    opened: frozenset[int] = frozenset()
    """Rows of many processes that show each of them."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return what the user wants to start with."""
        sort = COLUMNS[settings.sort]
        descending = settings.descending
        return cls(
            view=View(
                sort=sort,
                descending=sort.descending if descending is None else descending,
                query=query.parse(settings.filter),
                tree=settings.tree,
                kernel_threads=settings.kernel_threads,
                user_threads=settings.user_threads,
            ),
            columns=settings.columns,
            interval_s=settings.interval_s,
            machine_scale=settings.machine_scale,
            ascii=settings.ascii,
            filter_text=settings.filter,
            linger_s=settings.linger_s,
        )

    def on_tab(self, tab_id: str) -> Self:
        """Return the choices on another tab, in the order that it had."""
        if tab_id == self.tab:
            return self
        orders = {**self.orders, self.tab: (self.view.sort, self.view.descending)}
        first = TABS[tab_id].sort_column
        sort, descending = orders.get(tab_id, (first, first.descending))
        view = replace(self.view, sort=sort, descending=descending)
        return replace(self, tab=tab_id, orders=orders, view=view)

    @property
    def shown_view(self) -> View:
        """The view of the tab that is shown: only the main one has a tree."""
        is_tree = self.view.tree and self.tab == MAIN
        return replace(self.view, tree=is_tree)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns of the tab that is shown."""
        return TABS[self.tab].columns or self.columns

    @property
    def shown(self) -> Shown:
        """What decides about the rows."""
        linger_s = self.linger_s if self.ended else 0.0
        return Shown(self.tab, linger_s, self.opened, self.grouping)

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
        return needs

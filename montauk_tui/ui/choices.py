"""What the user has chosen to see, as one frozen value that keys replace."""

from dataclasses import dataclass, replace
from typing import Self

from montauk_tui.config import Settings
from montauk_tui.engine import query
from montauk_tui.engine.columns import COLUMNS, Column
from montauk_tui.engine.projection import View
from montauk_tui.model.schema import Need


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
        )

    def with_filter(self, text: str) -> Self:
        """Return the choices with another filter."""
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
        needs = self.view.sort.need
        if self.view.query or self.search_text:
            needs |= Need.CMDLINE
        if self.view.user_threads:
            needs |= Need.THREADS
        return needs

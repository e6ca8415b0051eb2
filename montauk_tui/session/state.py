"""Everything that a key reads or changes, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from montauk_tui.config import Change, Settings, changes
from montauk_tui.engine.projection import Projection, View, project
from montauk_tui.engine.rows.kinds import key_of
from montauk_tui.host.base import Actions
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.sample import Identity
from montauk_tui.model.signals import DEFAULT as DEFAULT_SIGNAL
from montauk_tui.session.choices import Choices
from montauk_tui.session.chosen import settings_now
from montauk_tui.session.finding import PidSearch
from montauk_tui.session.tabs import Shown, rows_of


class NotPossible(Exception):
    """An action does nothing; the text says why, and is empty where that is clear."""


class Selection(NamedTuple):
    """Which row is selected."""

    row: RowKey | None = None
    """The row the user chose; None while the selection rests on the first."""
    position: int = 0
    """Where it is among those shown."""
    chosen: int = 0
    """How often one was chosen: the table scrolls to what was chosen anew."""

    def on(self, row: RowKey | None) -> Self:
        """Return the selection on another row, None for the first, wherever it is."""
        position = 0 if row is None else self.position
        return self._replace(row=row, position=position, chosen=self.chosen + 1)


class Rows(NamedTuple):
    """The rows of a tab as a frame, and those of them that are shown."""

    listed: Frame
    projection: Projection
    frame: Frame
    """What they were made from."""
    shown: Shown
    view: View

    def key_at(self, position: int) -> RowKey | None:
        """Return which row is shown at a position, None where none is."""
        if not 0 <= position < len(self.projection.rows):
            return None
        return key_of(self.listed, int(self.projection.rows[position]))

    def position_of(self, row: RowKey) -> int | None:
        """Return where a row is shown, None where it is not."""
        identity = Identity(row.number, row.start_ticks)
        return self.projection.position_of(self.listed, identity)

    def follow(self, selection: Selection) -> Selection:
        """Return the selection where its row is now.

        A row that is no longer shown leaves the selection on the one that took its
        place; one in a folded branch is selected at the branch's root.
        """
        if selection.row is None:
            return selection._replace(position=0)
        position = self.position_of(selection.row)
        if position is None:
            last = max(0, len(self.projection.rows) - 1)
            position = min(selection.position, last)
        return selection._replace(row=self.key_at(position), position=position)


def rows_with(frame: Frame, choices: Choices, before: Rows | None = None) -> Rows:
    """Return what choices show of a frame; what is the same as before stays."""
    shown, view = choices.shown, choices.shown_view
    if before is None or before.frame is not frame or before.shown != shown:
        listed = rows_of(frame, shown)
    elif before.view == view:
        return before
    else:
        listed = before.listed
    return Rows(listed, project(listed, view), frame, shown, view)


@dataclass(frozen=True)
class Session:
    """What the user chose, what is at hand, and what is remembered."""

    choices: Choices
    settings: Settings
    """What the program was started with."""
    saved: Settings
    """What the settings file and the program agreed on last."""
    keys: Mapping[str, tuple[str, ...]]
    """What `[keys]` says."""
    theme: str
    actions: Actions | None = None
    """What may be done to the processes; None where nothing may."""
    rows: Rows | None = None
    """What is shown of the last frame; None before the first."""
    selection: Selection = field(default_factory=Selection)
    kept: Mapping[str, RowKey | None] = field(default_factory=dict)
    """What was selected in each tab that was left; None rests on the first row."""
    carried: tuple[RowKey, ...] = ()
    """The row that was selected last, and its process: for tabs without their own."""
    pid_search: PidSearch = field(default_factory=PidSearch)
    last_signal: int = DEFAULT_SIGNAL
    page_rows: int = 1
    """How many rows the screen shows."""
    is_typing: bool = False
    """Whether a filter or a search is being typed: what it needs can wait."""
    cost: str = "-"
    """What the last refresh cost."""

    @classmethod
    def start(
        cls, settings: Settings, theme: str, actions: Actions | None = None
    ) -> Self:
        """Return the session that the user wants to start with."""
        choices = Choices.from_settings(settings)
        saved = settings_now(settings, choices, theme, settings.keys)
        return cls(choices, settings, saved, settings.keys, theme, actions)

    def apply(
        self,
        *,
        choices: Choices | None = None,
        frame: Frame | None = None,
        selection: Selection | None = None,
    ) -> Self:
        """Return the session after a change: rows and selection follow from it.

        Whoever is followed and not selected any more is followed no longer.
        """
        choices, frame = choices or self.choices, frame or self.frame
        selection, rows = selection or self.selection, self.rows
        if frame is not None:
            rows = rows_with(frame, choices, rows)
            selection = rows.follow(selection)
        followed = selection.row and selection.row.process
        if choices.following not in (None, followed):
            choices = replace(choices, following=None)
        return replace(self, choices=choices, rows=rows, selection=selection)

    @property
    def frame(self) -> Frame | None:
        """The last one; None before the first."""
        return self.rows and self.rows.frame

    @property
    def seen(self) -> Rows:
        """What is shown.

        Raises:
            NotPossible: Nothing is, before the first frame.
        """
        if self.rows is None:
            raise NotPossible
        return self.rows

    # --- the selection ----------------------------------------------------------------

    def select(self, position: int) -> Self:
        """Return the session with the row at a position, or the nearest, selected."""
        if self.rows is None:
            return self
        position = max(0, min(position, len(self.rows.projection.rows) - 1))
        return self.select_row(self.rows.key_at(position))

    def select_row(self, row: RowKey | None) -> Self:
        """Return the session with a row selected; None rests on the first."""
        return self.apply(selection=self.selection.on(row))

    @property
    def current(self) -> RowKey | None:
        """The row under the selection, chosen or not."""
        return self.rows and self.rows.key_at(self.selection.position)

    @property
    def place(self) -> int | None:
        """Its row in the frame that is listed."""
        if self.rows is None or self.current is None:
            return None
        return int(self.rows.projection.rows[self.selection.position])

    # --- settings ---------------------------------------------------------------------

    @property
    def settings_now(self) -> Settings:
        """What the user has chosen by now."""
        return settings_now(self.settings, self.choices, self.theme, self.keys)

    @property
    def unsaved(self) -> list[Change]:
        """What was changed since the start, or since it was saved."""
        return changes(self.saved, self.settings_now)

"""The state that actions read and replace, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from montauk_tui.config import Change, Settings, changes
from montauk_tui.engine.projection import Projection, View, project
from montauk_tui.engine.rows.kinds import key_of
from montauk_tui.host.base import Actions, Past
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.sample import Identity
from montauk_tui.model.signals import DEFAULT as DEFAULT_SIGNAL
from montauk_tui.session.choices import Choices
from montauk_tui.session.finding import PidSearch
from montauk_tui.session.settings_from_state import settings_now
from montauk_tui.session.tabs import Shown, rows_of


class NotPossible(Exception):
    """An action is not possible; the text says why, and is empty if obvious."""


class Selection(NamedTuple):
    """Which row is selected."""

    row: RowKey | None = None
    """The selected row; None for the first, whichever process is on it."""
    position: int = 0
    """Its position among the rows shown."""
    chosen: int = 0
    """Increases with each selection: the table scrolls to a new one."""

    def on(self, row: RowKey | None) -> Self:
        """Return the selection on another row, None for the first."""
        position = 0 if row is None else self.position
        return self._replace(row=row, position=position, chosen=self.chosen + 1)


class Rows(NamedTuple):
    """The rows of a tab as a frame, and the projection that is shown."""

    listed: Frame
    projection: Projection
    frame: Frame
    """The frame they were made from."""
    shown: Shown
    view: View

    def key_at(self, position: int) -> RowKey | None:
        """Return the row at a position, None if there is none."""
        if not 0 <= position < len(self.projection.rows):
            return None
        return key_of(self.listed, int(self.projection.rows[position]))

    def position_of(self, row: RowKey) -> int | None:
        """Return the position of a row, None if it is not shown."""
        identity = Identity(row.number, row.start_ticks)
        return self.projection.position_of(self.listed, identity)

    def follow(self, selection: Selection) -> Selection:
        """Return the selection at the current position of its row.

        If its row is gone, the selection moves to the row in its place; a row
        in a folded branch is selected at the root of the branch.
        """
        if selection.row is None:
            return selection._replace(position=0)
        position = self.position_of(selection.row)
        if position is None:
            last = max(0, len(self.projection.rows) - 1)
            position = min(selection.position, last)
        return selection._replace(row=self.key_at(position), position=position)


def rows_with(frame: Frame, choices: Choices, before: Rows | None = None) -> Rows:
    """Return the rows of a frame for the choices, reusing unchanged parts."""
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
    """The user's choices, the current rows, and the remembered selections."""

    choices: Choices
    settings: Settings
    """The settings at the start."""
    saved: Settings
    """The settings as last saved."""
    keys: Mapping[str, tuple[str, ...]]
    """The entries of `[keys]`."""
    theme: str
    actions: Actions | None = None
    """Actions on processes; None for a recording."""
    past: Past | None = None
    """Other times; None if there are none."""
    rows: Rows | None = None
    """The rows of the last frame; None before the first."""
    selection: Selection = field(default_factory=Selection)
    kept: Mapping[str, RowKey | None] = field(default_factory=dict)
    """The selection of each visited tab; None for the first row."""
    carried: tuple[RowKey, ...] = ()
    """The last selected row and its process, for tabs without a selection."""
    pid_search: PidSearch = field(default_factory=PidSearch)
    last_signal: int = DEFAULT_SIGNAL
    page_rows: int = 1
    """Number of rows on the screen."""
    screen_lines: int = 0
    """Height of the screen."""
    is_typing: bool = False
    """Whether a filter or a search is being typed: its needs are deferred."""
    sum_from_s: float | None = None
    """Wall clock from which on a key sums up."""
    last_sought: str = ""
    """What the time was last searched for."""
    cost: str = "-"
    """The CPU time of the last refresh."""

    @classmethod
    def start(
        cls,
        settings: Settings,
        theme: str,
        actions: Actions | None = None,
        past: Past | None = None,
    ) -> Self:
        """Return the initial session."""
        choices = Choices.from_settings(settings)
        saved = settings_now(settings, choices, theme, settings.keys)
        return cls(choices, settings, saved, settings.keys, theme, actions, past)

    def apply(
        self,
        *,
        choices: Choices | None = None,
        frame: Frame | None = None,
        selection: Selection | None = None,
    ) -> Self:
        """Return the session after a change: rows and selection follow from it.

        A followed process that is no longer selected is no longer followed.
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
    def is_in_past(self) -> bool:
        """Whether a live machine is shown as it was."""
        return self.frame is not None and self.frame.ago_s is not None

    @property
    def can_act(self) -> bool:
        """Whether processes can be changed."""
        return not (self.actions is None or self.choices.read_only or self.is_in_past)

    @property
    def seen(self) -> Rows:
        """The rows shown.

        Raises:
            NotPossible: There are none before the first frame.
        """
        if self.rows is None:
            raise NotPossible
        return self.rows

    # --- the selection ----------------------------------------------------------------

    def select(self, position: int) -> Self:
        """Return the session with the row at or nearest to a position selected."""
        if self.rows is None:
            return self
        position = max(0, min(position, len(self.rows.projection.rows) - 1))
        return self.select_row(self.rows.key_at(position))

    def select_row(self, row: RowKey | None) -> Self:
        """Return the session with a row selected; None: the first."""
        return self.apply(selection=self.selection.on(row))

    @property
    def current(self) -> RowKey | None:
        """The row at the selected position."""
        return self.rows and self.rows.key_at(self.selection.position)

    @property
    def place(self) -> int | None:
        """Its index in the listed frame."""
        if self.rows is None or self.current is None:
            return None
        return int(self.rows.projection.rows[self.selection.position])

    # --- settings ---------------------------------------------------------------------

    @property
    def settings_now(self) -> Settings:
        """The current choices as settings."""
        return settings_now(self.settings, self.choices, self.theme, self.keys)

    @property
    def unsaved(self) -> list[Change]:
        """Changes since the start or the last save."""
        return changes(self.saved, self.settings_now)

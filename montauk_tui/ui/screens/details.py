"""The details of one process: a page that is read again with every frame."""

import threading
from collections.abc import Sequence
from typing import Final

from rich.style import Style
from textual.binding import Binding
from textual.message import Message

from montauk_tui.engine.columns.cells import (
    cpu_pct_text,
    size_text,
    state_text,
    user_text,
)
from montauk_tui.engine.details import ProcessHistory, with_user_tasks
from montauk_tui.engine.exited_details import exited_details, with_exit
from montauk_tui.engine.past import shown_text
from montauk_tui.engine.units import lifetime_text
from montauk_tui.model.details import SECTIONS, Details
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean
from montauk_tui.session.choices import Choices
from montauk_tui.session.state import Session
from montauk_tui.ui.bindings import LOOK_BINDINGS, jump_to
from montauk_tui.ui.screens.searching import SearchableScreen
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.details_page import PageStyle, lay_out
from montauk_tui.ui.widgets.details_view import DetailsView
from montauk_tui.ui.widgets.lines import Line, Run

_CURRENT: Final = 2.0
"""Intervals in which details are current."""
_CURRENT_S: Final = 1.0
_GAP: Final[Run] = (" ", Style.null())


class DetailsScreen(SearchableScreen):
    """Everything known about one process."""

    class Read(Message):
        """A reading is done; None means that the process has exited."""

        def __init__(self, details: Details | None) -> None:
            """Carry what was read."""
            super().__init__()
            self.details = details

    def __init__(
        self,
        identity: Identity,
        name: str,
        section: str = "",
        bindings: Sequence[Binding] = LOOK_BINDINGS,
    ) -> None:
        """Show a process, starting at a section."""
        self.view = DetailsView()
        super().__init__(self.view, bindings)
        self._bindings_shown = list(bindings)
        self.identity = identity
        self.details: Details | None = None
        self.history = ProcessHistory(identity)
        self.has_ended = False
        self._exit_is_known = False
        self._name = name
        self._section = section
        self._reading = False
        self._read_for = -1
        """The frame of the last reading."""
        self._why_unread = ""
        """Why nothing could be read the last time."""
        self._frame: Frame | None = None
        self._choices: Choices | None = None
        self._theme: Theme | None = None
        self._facts = ""

    # --- contents ---------------------------------------------------------------------

    def take(self, session: Session, theme: Theme) -> None:
        """Show the values of a frame, and start a reading unless one runs."""
        frame = session.frame
        if frame is None:
            return
        self._frame, self._choices, self._theme = frame, session.choices, theme
        if not self.has_ended:
            self.has_ended = not self.history.take_frame(frame)
            self._facts = self._facts_of(frame) or self._facts
            if frame.seq != self._read_for:
                self._read(frame)
        if self.has_ended and not self._exit_is_known:
            self._take_exit(frame)
        self.draw()

    def _take_exit(self, frame: Frame) -> None:
        """Add what its exit record tells; it may be a frame late."""
        exited = exited_details(frame, self.identity)
        if exited is None:
            return
        self._exit_is_known = True
        self.details = with_exit(self.details, exited) if self.details else exited

    def _read(self, frame: Frame) -> None:
        """Read in a separate thread: one at a time, none queued.

        It is not a Textual worker: montauk could not exit before one that hangs in an
        unresponsive file system.
        """
        if self._reading:
            return
        self._reading, self._read_for = True, frame.seq
        lookups, identity = frame.lookups, self.identity

        def read() -> None:
            details: Details | None = None
            try:
                details = lookups.details(identity)
            finally:
                self.post_message(self.Read(details))

        try:
            threading.Thread(target=read, name="montauk-details", daemon=True).start()
        except RuntimeError:
            # The limit of threads is reached; the next frame tries it again.
            self._reading, self._why_unread = False, "the limit of threads is reached"

    def on_details_screen_read(self, message: Read) -> None:
        """Show the details; those of an exited process stay."""
        self._reading = False
        if message.details is not None and self._frame is not None:
            self.history.take_details(message.details)
            self.details = with_user_tasks(message.details, self._frame)
            # It may have exited while it was read.
            self._exit_is_known = False
        self._why_unread = "" if message.details else "exited or hidden"
        self.draw()

    def draw(self) -> None:
        """Draw the known values."""
        if self._theme is None or self._choices is None or not self.size.width:
            return
        self.title_line.paint([self._title(self._theme)])
        if self.keys.size.width:
            # Hidden behind a prompt it has no width.
            self.keys.use(self._useful_keys())
            self.keys.show(self._theme, {})
        if self.details is not None and self._frame is not None:
            cpus = len(self._frame.sample.host.cpu_ids)
            scale = cpus if self._choices.machine_scale else 0
            # One cell for the scroll bar, a blank before it and one at the left edge.
            width = max(20, self.size.width - 3)
            look = PageStyle(self._theme, self._choices.ascii, width, scale)
            self.view.show(lay_out(self.details, self.history, look), self._theme)
            if self._section:
                # Not before there is a page to scroll.
                self.call_after_refresh(self.view.go_to_section, self._section)
                self._section = ""

    def _useful_keys(self) -> list[Binding]:
        """Return the keys without those that lead to a section that is not known."""
        if self.details is None or self.details.is_read:
            return self._bindings_shown
        known = [part.id for part in self.details.sections]
        useless = {jump_to(it) for it in SECTIONS if it not in known}
        return [it for it in self._bindings_shown if it.action not in useless]

    def _title(self, theme: Theme) -> Line:
        runs: list[Run] = [
            (f" {self.identity.pid} ", theme.style("value")),
            (f"{self._name} ", theme.style("title")),
        ]
        if self._frame is not None and (shown := shown_text(self._frame)):
            runs += [(f" {shown} ", theme.style("alert")), _GAP]
        if self.has_ended:
            runs.append((" exited ", theme.style("alert")))
            if self.details is None:
                runs.append(("  its exit was not seen ", theme.style("faint")))
            elif self.details.is_read:
                runs.append(("  last values ", theme.style("faint")))
        elif self.details is None:
            why = self._why_unread
            message = f"cannot be read: {why}" if why else "reading ..."
            runs.append((f" {message} ", theme.style("faint")))
        elif age := self._age():
            runs.append((f" read {age} earlier ", theme.style("warm")))
        runs.append((f" {self._facts}", theme.style("label")))
        return tuple(runs)

    def _age(self) -> str:
        """Return how much older the details are than the frame; empty if current.

        They are read after each frame, so they are usually older by one interval.
        """
        frame, details = self._frame, self.details
        if frame is None or details is None:
            return ""
        age_s = frame.sample.monotonic_s - details.monotonic_s
        is_current = age_s < max(_CURRENT_S, _CURRENT * (frame.interval_s or 0.0))
        return "" if is_current else lifetime_text(age_s)

    def _facts_of(self, frame: Frame) -> str:
        whole = frame.whole or frame
        row = whole.sample.processes.row_of(self.identity)
        if row is None:
            return ""
        self._name = clean(bytes(whole.sample.processes.comm[row]))
        return (
            f" {user_text(whole, row)}  {state_text(whole, row)}"
            f"  CPU {cpu_pct_text(whole, row)}%"
            f"  RES {size_text('rss_bytes')(whole, row)}"
        )

    # --- keys -------------------------------------------------------------------------

    def action_section(self, step: int) -> None:
        """Go to the next or previous section."""
        self.view.go_by_sections(step)

    def action_jump(self, section: str) -> None:
        """Go to a section, or to the one that says that it is not known."""
        self.view.go_to_section(section)

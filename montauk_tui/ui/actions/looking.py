"""Looking into one process."""

from typing import TYPE_CHECKING

from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean
from montauk_tui.ui.actions.base import Actions

# The screen is imported by the keys that need it, for a quick start.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.ui.screens.details import DetailsScreen


class LookingActions(Actions):
    """Actions that open the closer look at a process."""

    closer_look: "DetailsScreen | None" = None
    """What is open, if anything is."""

    def action_look(self, section: str) -> None:
        """Look into the process of the selected row, at a section."""
        self.look_into(self.process_of_row(parent=False), section)

    def process_of_row(self, *, parent: bool) -> Identity | None:
        """Return the living process that a row is about, or the one that started it."""
        raise NotImplementedError

    def why_no_process(self) -> str:
        """Return why the selected row is about no process that lives."""
        raise NotImplementedError

    def look_into(self, process: Identity | None, section: str = "") -> None:
        """Show everything about a process that lives."""
        frame = self.frame_now
        if frame is None or self.closer_look is not None:
            return
        table = frame.sample.processes
        row = None if process is None else table.row_of(process)
        if row is None:
            self.say(self.why_no_process())
            return
        if not table.is_process[row]:
            # A thread shares all but a few lines with its process.
            row = int(table.pid.searchsorted(table.tgid[row]))
            if row == len(table):
                return
        from montauk_tui.ui.screens.details import DetailsScreen

        name = clean(bytes(table.comm[row]))
        self.closer_look = DetailsScreen(
            table.identity(row), name, section, self.keymap.look
        )
        self.push_screen(self.closer_look, self._looked)
        self.draw_closer_look()

    def _looked(self, _result: None) -> None:
        self.closer_look = None

    def draw_closer_look(self) -> None:
        """Give the frame at hand to what is open."""
        if self.closer_look is not None and self.frame_now is not None:
            self.closer_look.take(self.frame_now, self.choices, self.look)

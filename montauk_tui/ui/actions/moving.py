"""Moving the selection, and going from one list to another."""

import math
import sys
from dataclasses import replace

from montauk_tui.engine.extra_cells import real_identity
from montauk_tui.engine.listing.ancestors import living_ancestors
from montauk_tui.engine.listing.ended import is_fold
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import Identity
from montauk_tui.ui.actions.looking import LookingActions
from montauk_tui.ui.tabs import MAIN, PROCESSES, SPAWNERS


class MovingActions(LookingActions):
    """Actions that move."""

    def action_move(self, rows: int) -> None:
        """Select a row further up or down."""
        self.main.table.select(self.main.table.position + rows)

    def action_move_page(self, pages: int) -> None:
        """Go up or down whole screens."""
        height = max(1, self.main.table.size.height - 1)
        self.main.table.select(self.main.table.position + pages * height)

    def action_first(self) -> None:
        """Go to the first row and stay there."""
        self.main.table.rest_on_first()

    def action_last(self) -> None:
        """Go to the last row."""
        self.main.table.select(self.main.table.row_count - 1)

    def action_scroll(self, rows: int) -> None:
        """Scroll, and leave the selection where it is."""
        self.main.table.scroll_by(rows)

    def action_shift(self, cells: int) -> None:
        """Scroll sideways."""
        self.main.table.shift_to(self.main.table.shift + cells)

    def action_shift_home(self) -> None:
        """Scroll to the start of the line."""
        self.main.table.shift_to(0)

    def action_shift_end(self) -> None:
        """Scroll to the end of the longest line."""
        self.main.table.shift_to(sys.maxsize)

    # --- tabs -------------------------------------------------------------------------

    def action_tab(self, tab_id: str) -> None:
        """Show a tab."""
        if tab_id != self.choices.tab:
            self.main.table.selected = None
            self.choose(self.choices.on_tab(tab_id))
            self.main.table.rest_on_first()

    def action_next_tab(self, step: int) -> None:
        """Show the tab beside this one."""
        self.action_tab(self.choices.tabs.next_to(self.choices.tab, step))

    def action_group(self) -> None:
        """Group the spawners by another thing."""
        if self.choices.tab_now.rows != SPAWNERS:
            self.action_tab(SPAWNERS)
        self.main.table.rest_on_first()
        self.choose(self.choices.grouped_next())

    def action_spawner(self) -> None:
        """Show who started the process of the selected row."""
        parent = self.process_of_row(parent=True)
        self.action_tab(SPAWNERS)
        self.choose(replace(self.choices, grouping="parent"))
        if parent is not None:
            self.main.table.select_identity(parent)

    def action_enter(self) -> None:
        """Look into a process or open a row of many; elsewhere go to the process."""
        row = self._row()
        if row is not None and self.choices.tab_now.rows == PROCESSES:
            if is_fold(row.pid):
                self.choose(self.choices.toggled(row.pid))
            else:
                self.look_into(row)
            return
        process = self.process_of_row(parent=False)
        if process is not None:
            self.action_tab(MAIN)
            self.main.table.select_identity(process)

    def on_process_table_opened(self) -> None:
        """Do with a row that was clicked twice what Enter does."""
        self.action_enter()

    def _row(self) -> Identity | None:
        return self.main.table.current

    def process_of_row(self, *, parent: bool) -> Identity | None:
        """Return the living process that a row is about, or the one that started it.

        Of one that is gone it is the nearest that lives.
        """
        listed, row = self.main.listed, self._row()
        if listed is None or row is None or self.frame_now is None:
            return None
        living = self.frame_now.sample.processes
        place = listed.sample.processes.row_of(row)
        if place is None:
            return None
        if not parent:
            process = real_identity(listed, place)
            if living.row_of(process) is not None:
                return process
        ended = self.frame_now.recent.ended_since(-math.inf)
        exits = ExitTable.empty() if ended is None else ended.exits
        ppid = listed.sample.processes.ppid[place : place + 1]
        pid = int(living_ancestors(self.frame_now, ppid, exits)[0])
        found = int(living.pid.searchsorted(pid))
        if pid <= 0 or found == len(living) or living.pid[found] != pid:
            return None
        return living.identity(found)

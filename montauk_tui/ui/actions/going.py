"""Going from one list to another; the selection stays on its process."""

import math
from collections.abc import Iterator
from dataclasses import replace

from montauk_tui.engine.extra_cells import real_identity
from montauk_tui.engine.listing.ancestors import living_ancestors
from montauk_tui.engine.listing.ended import is_fold
from montauk_tui.engine.listing.window import WINDOW_S
from montauk_tui.engine.projection import project
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean
from montauk_tui.ui.actions.looking import LookingActions
from montauk_tui.ui.choices import Choices
from montauk_tui.ui.tabs import MAIN, PROCESSES, SPAWNERS, rows_of


class GoingActions(LookingActions):
    """Actions that show another list."""

    kept: dict[str, Identity | None]
    """What was selected in each tab that was left; None rests on the first row."""
    carried: tuple[Identity, ...]
    """The row that was selected last, and its process: for tabs without their own."""

    def action_tab(self, tab_id: str) -> None:
        """Show a tab, with the row selected that it had or else the process at hand."""
        if tab_id == self.choices.tab:
            return
        self._keep()
        choices = self.choices.on_tab(tab_id)
        wanted = self._wanted(choices)
        table = self.main.table
        # Before anything is drawn: who is followed stays so where it is listed, too.
        table.selected = wanted
        self.choose(choices)
        if wanted is None:
            table.rest_on_first()
        else:
            table.select_identity(wanted)

    def _keep(self) -> None:
        """Remember what is selected, before another tab is shown."""
        tab, row = self.choices.tab_now, self.main.table.selected
        listed = self.main.listed
        place = None
        if listed is not None and row is not None:
            place = listed.sample.processes.row_of(row)
        if row is None or listed is None or place is None:
            if tab.rows == PROCESSES:
                self.carried = ()
        elif tab.rows == SPAWNERS and is_fold(row.pid):
            # A group has a number by its place, which another may have later.
            self.carried = ()
        else:
            self.kept[tab.id] = row
            self.carried = (row, real_identity(listed, place))

    def _wanted(self, choices: Choices) -> Identity | None:
        """Return the row to select in another tab, None for the first one."""
        own = self.kept.get(choices.tab)
        if choices.tab in self.kept and own is None:
            return None
        mine = () if own is None else (own,)
        others = self.carried if choices.tab_now.rows == PROCESSES else ()
        return next(
            (row for row in (*mine, *others) if self._lists(choices, row)), None
        )

    def _lists(self, choices: Choices, row: Identity) -> bool:
        """Tell whether a row would be shown."""
        if self.frame_now is None:
            return False
        listed = rows_of(self.frame_now, choices.shown)
        projection = project(listed, choices.shown_view)
        return projection.position_of(projection.frame_of(listed), row) is not None

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
        """Show who started the process of the selected row, or say who that was."""
        frame = self.frame_now
        if frame is None or self._row() is None:
            return
        parent = self.process_of_row(parent=True)
        if parent is None:
            self.say("who started it is not known")
            return
        there = replace(self.choices.on_tab(SPAWNERS), grouping="parent")
        line = _above(frame, parent)
        found = next((one for one in line if self._lists(there, one)), None)
        if found is not None:
            self.action_tab(SPAWNERS)
            self.choose(replace(self.choices, grouping="parent"))
            self.main.table.select_identity(found)
        if found != parent:
            said = f"started by {_name(frame, parent)}{self._why_not(there, parent)}"
            shown = "" if found is None else f"; this is {_name(frame, found)} above it"
            self.say(said + shown)

    def _why_not(self, there: Choices, starter: Identity) -> str:
        """Return why a process is not among the spawners, to go behind its name."""
        frame = self.frame_now
        if frame is None:
            return ""
        if there.filter_text and self._lists(there.with_filter(""), starter):
            return ", which the filter hides"
        listed = rows_of(frame, there.shown).sample.processes
        if listed.row_of(starter) is not None:
            return ", which is hidden there"
        if frame.sample.starts is None:
            return f"; collector {frame.collector.name} does not see processes start"
        return f", which started nothing in the last {WINDOW_S:g} s"

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
        if process is None or self.frame_now is None:
            return
        there = self.choices.on_tab(MAIN)
        if self._lists(there, process):
            self.action_tab(MAIN)
            self.main.table.select_identity(process)
            return
        name, title = _name(self.frame_now, process), there.tab_now.title
        if there.filter_text and self._lists(there.with_filter(""), process):
            self.say(f"the filter hides {name} in {title}")
        else:
            self.say(f"{name} is hidden in {title}")

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


def _above(frame: Frame, identity: Identity) -> Iterator[Identity]:
    """Yield a living process and those that it descends from, the nearest first."""
    table, seen = frame.sample.processes, set[int]()
    row = table.row_of(identity)
    while row is not None and row not in seen:
        seen.add(row)
        yield table.identity(row)
        found = int(table.pid.searchsorted(table.ppid[row]))
        is_there = found < len(table) and table.pid[found] == table.ppid[row]
        row = found if is_there else None


def _name(frame: Frame, identity: Identity) -> str:
    """Return what a living process is called, and its pid."""
    row = frame.sample.processes.row_of(identity)
    name = "" if row is None else clean(frame.sample.processes.comm[row])
    return f"{name} {identity.pid}".lstrip()

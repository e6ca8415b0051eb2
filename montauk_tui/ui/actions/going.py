"""Going from one list to another; the selection stays on its process."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any, Final, NamedTuple

from montauk_tui.engine import cells
from montauk_tui.engine.extra_cells import extra_value, real_identity
from montauk_tui.engine.listing.ancestors import living_ancestors
from montauk_tui.engine.listing.kinds import RowKind, kind_of
from montauk_tui.engine.listing.window import WINDOW_S
from montauk_tui.engine.projection import project
from montauk_tui.engine.query import quoted
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean
from montauk_tui.ui.actions.looking import LookingActions
from montauk_tui.ui.actions.targets import no_process
from montauk_tui.ui.choices import Choices
from montauk_tui.ui.tabs import EXITED, MAIN, PROCESSES, SPAWNERS, rows_of


class Lift(NamedTuple):
    """Something that hides processes, and what is without it."""

    lift: Callable[[Choices], Choices]
    said: str


def _viewing(choices: Choices, **changes: Any) -> Choices:
    return replace(choices, view=replace(choices.view, **changes))


LIFTS: Final = {
    "filter": Lift(lambda choices: choices.with_filter(""), "the filter was cleared"),
    "user": Lift(lambda it: _viewing(it, uid=None), "all users are shown now"),
    "containers": Lift(
        lambda it: _viewing(it, containers=True), "containers are shown now"
    ),
    "kernel": Lift(
        lambda it: _viewing(it, kernel_threads=True), "kernel threads are shown now"
    ),
}
"""What `S` lifts to arrive somewhere, the least of it."""


def _lifted(choices: Choices, names: Iterable[str]) -> Choices:
    for name in names:
        choices = LIFTS[name].lift(choices)
    return choices


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
        elif kind_of(listed, place) is RowKind.GROUP:
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
        """Show who started the process of the selected row.

        That is its row among the spawners, else that of an ancestor there, else its row
        in Main. What hides it is lifted, and a line says so.
        """
        frame = self.frame_now
        if frame is None or self._row() is None:
            return
        parent = self.process_of_row(parent=True)
        if parent is None:
            self.say("who started it is not known")
            return
        spawners = replace(self.choices.on_tab(SPAWNERS), grouping="parent")
        told = f"started by {_name(frame, parent)}"
        if self._is_row(spawners, parent):
            self._arrive(spawners, parent, told)
            return
        told += self._why_no_spawner(frame)
        above = _above(frame, parent)
        found = next((one for one in above if self._lists(spawners, one)), None)
        if found is None:
            self._arrive(self.choices.on_tab(MAIN), parent, f"{told}; shown in Main")
        else:
            name = _name(frame, found)
            self._arrive(spawners, found, f"{told}; this is {name} above it")

    def _arrive(self, there: Choices, process: Identity, told: str) -> None:
        """Show a process in another tab, and say what is not to be seen there.

        Args:
            there: The choices on that tab.
            process: Whom to select.
            told: What is said where that is not all as expected.
        """
        found = self._showing(there, process)
        if found is None:
            self.say(f"{told}, which is hidden in {there.tab_now.title}")
            return
        lifted, shown = found
        was_there = self.choices.tab == there.tab
        self.choose(_lifted(self.choices, lifted))
        self.action_tab(there.tab)
        self.choose(replace(self.choices, grouping=shown.grouping))
        self.main.table.select_identity(process)
        said = "".join(f"; {LIFTS[name].said}" for name in lifted)
        if said or was_there or ";" in told:
            self.say(told + said)

    def _showing(
        self, there: Choices, process: Identity
    ) -> tuple[tuple[str, ...], Choices] | None:
        """Return what must be lifted to show a process, as little as will do."""
        active = [name for name, lift in LIFTS.items() if lift.lift(there) != there]
        for count in range(len(active) + 1):
            for names in combinations(active, count):
                shown = _lifted(there, names)
                if self._lists(shown, process):
                    return names, shown
        return None

    def _is_row(self, choices: Choices, process: Identity) -> bool:
        """Tell whether a tab has a row for a process, hidden or not."""
        if self.frame_now is None:
            return False
        listed = rows_of(self.frame_now, choices.shown).sample.processes
        return listed.row_of(process) is not None

    def _why_no_spawner(self, frame: Frame) -> str:
        """Return why a process is not among the spawners, to go behind its name."""
        if frame.sample.starts is None:
            return f"; collector {frame.collector.name} does not see processes start"
        return f", which started nothing in the last {WINDOW_S:g} s"

    def action_enter(self) -> None:
        """Look into a process or open a row of many; elsewhere go to the process."""
        row, listed = self._row(), self.main.listed
        place = None
        if row is not None and listed is not None:
            place = listed.sample.processes.row_of(row)
        if row is None or listed is None or place is None:
            return
        kind = kind_of(listed, place)
        if kind is RowKind.EXITED_GROUP:
            self.choose(self.choices.toggled(row.pid))
        elif kind is RowKind.GROUP:
            self._enter_group(listed, place)
        elif self.choices.tab_now.rows == PROCESSES:
            self.look_into(row)
        else:
            self._enter_process()

    def _enter_group(self, listed: Frame, place: int) -> None:
        """Show the processes that a row of all of a program or cgroup stands for."""
        is_cgroup = self.choices.grouping == "cgroup"
        field = "cgroup" if is_cgroup else "name"
        # In its cell an unknown name is '-', which may be a program's name, too.
        name = clean(bytes(listed.sample.processes.comm[place]))
        label = cells.command_text(listed, place) if is_cgroup else name
        if not label or (is_cgroup and not label.startswith("/")):
            self.say(f"their {field} is not known")
            return
        has_ended = extra_value(listed, "count", place) > 0
        self.choose(self.choices.with_filter(f"{field} = {quoted(label)}"))
        self.action_tab(EXITED if has_ended else MAIN)
        self.main.table.rest_on_first()
        what = "what ended" if has_ended else "what lives"
        self.say(f"{what} of {label}; Esc leaves the filter")

    def _enter_process(self) -> None:
        """Go to the process that a row of another list is about."""
        process = self.process_of_row(parent=False)
        if process is None or self.frame_now is None:
            self.say(self.why_no_process())
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

    def why_no_process(self) -> str:
        """Return why the selected row is about no process that lives."""
        row, listed = self._row(), self.main.listed
        place = None
        if row is not None and listed is not None:
            place = listed.sample.processes.row_of(row)
        if listed is None or place is None:
            return "no process is selected"
        return no_process(listed, place)

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

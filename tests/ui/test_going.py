"""From one list to another: the selection stays on its process."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from montauk_tui.config import Settings, TabSettings
from montauk_tui.engine.extra_cells import real_identity
from tests.support.acting import said
from tests.support.churn import MAKE, SHELL, churning_collector
from tests.support.exits import make_exits
from tests.support.monitor import Monitor, make_app, running
from tests.support.starts import make_starts
from tests.ui.test_tabs import row_texts, select, selected_row, tab

SIZE: Final = (120, 40)
POSTGRES: Final = 4402
"""Living, and no first row."""
COMPILER: Final = 4131
"""A child of a g++ that make started."""
FURTHER: Final = TabSettings("Web", columns=("pid", "command"), filter="postgres")


def churning(size: tuple[int, int] = SIZE, **settings: Any) -> Any:
    return running(make_app(churning_collector(), Settings(**settings)), size)


async def choose(monitor: Monitor, pid: int) -> None:
    """Select a process of the tab that is shown."""
    monitor.table.select(monitor.shown_pids.index(pid))
    await monitor.settle()


# --- tabs -----------------------------------------------------------------------------


async def test_a_tab_that_is_left_has_its_selection_when_one_comes_back() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("tab", "tab", "shift+tab", "shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("Main", POSTGRES)
        assert monitor.table.selected is not None


async def test_a_tab_of_processes_starts_at_the_process_at_hand() -> None:
    async with churning(tabs=(FURTHER,)) as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("tab")
        assert (tab(monitor), monitor.current_pid) == ("I/O", POSTGRES)
        await monitor.press("shift+tab", "shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("Web", POSTGRES)


async def test_the_process_at_hand_is_kept_past_tabs_of_other_rows() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press(*["shift+tab"] * 3)
        assert tab(monitor) == "Exited"
        assert monitor.table.selected is None
        await monitor.press("shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("I/O", POSTGRES)


async def test_each_tab_has_a_selection_of_its_own() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("tab")
        await choose(monitor, SHELL)
        await monitor.press("shift+tab")
        assert monitor.current_pid == POSTGRES
        await monitor.press("tab")
        assert monitor.current_pid == SHELL


async def test_a_tab_in_which_nothing_was_chosen_takes_the_process_at_hand() -> None:
    async with churning() as monitor:
        await monitor.press("tab")
        assert monitor.table.selected is None
        await choose(monitor, SHELL)
        await monitor.press("shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("Main", SHELL)


async def test_what_rests_on_the_first_row_does_so_again() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("home", "tab")
        assert monitor.table.selected is None
        await choose(monitor, SHELL)
        await monitor.press("shift+tab")
        assert (monitor.table.position, monitor.table.selected) == (0, None)


async def test_one_that_a_tab_does_not_list_leaves_it_on_its_first_row() -> None:
    async with churning(tabs=(FURTHER,)) as monitor:
        await choose(monitor, SHELL)
        await monitor.press("shift+tab")
        assert tab(monitor) == "Web"
        assert (monitor.table.position, monitor.table.selected) == (0, None)
        await monitor.press("shift+tab")
        assert tab(monitor) == "Events"
        assert monitor.table.selected is None


async def test_where_the_row_is_gone_the_process_at_hand_takes_its_place() -> None:
    async with churning() as monitor:
        await select(monitor, "ended with 128")
        await monitor.press("tab")
        await choose(monitor, SHELL)
        await monitor.press("X", "shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("Main", SHELL)


async def test_a_row_of_another_list_stands_for_its_process() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab", "tab")
        await select(monitor, f" {MAKE} ")
        await monitor.press("tab", "tab")
        assert (tab(monitor), monitor.current_pid) == ("Main", MAKE)


async def test_the_row_of_one_that_ended_is_found_again() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab")
        await select(monitor, "git push")
        listed = monitor.app.main.listed
        assert listed is not None
        await monitor.press("shift+tab", "tab")
        assert tab(monitor) == "Exited"
        assert "git push" in selected_row(monitor)
        place = listed.sample.processes.row_of(monitor.table.selected)
        assert place is not None
        assert real_identity(listed, place).pid == 22_002


async def test_a_click_on_a_tab_keeps_the_selection_as_well() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        for title in ("Events", "I/O", "Main"):
            line = monitor.app.main.view_line.render_line(0).text
            await monitor.click("#view", line.index(title) + 1)
            assert tab(monitor) == title
            assert (monitor.table.selected is None) == (title == "Events")
        assert monitor.current_pid == POSTGRES


async def test_who_is_followed_is_so_in_the_next_tab_of_processes() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("F", "tab")
        assert monitor.app.choices.following is not None
        await monitor.press("tab")
        assert monitor.app.choices.following is None


async def test_after_s_and_enter_each_tab_has_where_they_led() -> None:
    async with churning() as monitor:
        await select(monitor, "24x")
        fold = monitor.current_pid
        await monitor.press("S", "tab", "shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("Spawners", SHELL)
        await monitor.press("shift+tab", "shift+tab", "shift+tab")
        assert (tab(monitor), monitor.current_pid) == ("Main", fold)
        await monitor.press("tab", "tab", "tab", "enter")
        assert (tab(monitor), monitor.current_pid) == ("Main", SHELL)
        await monitor.press("tab", "shift+tab")
        assert monitor.current_pid == SHELL


async def test_enter_says_that_the_filter_hides_the_process() -> None:
    async with churning(filter="forks_rate > 0") as monitor:
        await monitor.press("tab", "tab", "tab")
        await select(monitor, f" {MAKE} ")
        await monitor.press("enter")
        assert (tab(monitor), monitor.current_pid) == ("Spawners", MAKE)
        assert said(monitor) == f"the filter hides make {MAKE} in Main"
        await monitor.press("escape", "enter")
        assert (tab(monitor), monitor.current_pid) == ("Main", MAKE)


# --- who started it -------------------------------------------------------------------


async def test_s_goes_to_who_started_it_in_main_where_that_is_no_spawner_now() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Main", 701)
        reason = "which started nothing in the last 5 s"
        assert said(monitor) == f"started by postgres 701, {reason}; shown in Main"


async def test_s_of_the_first_process_knows_nobody() -> None:
    async with churning() as monitor:
        await choose(monitor, 1)
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Main", 1)
        assert said(monitor) == "who started it is not known"


async def test_s_clears_the_filter_that_hides_the_starter() -> None:
    async with churning(filter="awk") as monitor:
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Spawners", SHELL)
        assert monitor.app.choices.filter_text == ""
        assert said(monitor) == f"started by bash {SHELL}; the filter was cleared"


async def test_s_clears_the_filter_in_main_as_well() -> None:
    async with churning(filter="checkpointer") as monitor:
        child = monitor.current_pid
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Main", 701)
        assert said(monitor).endswith("; shown in Main; the filter was cleared")
        assert child in monitor.shown_pids


async def test_s_leaves_a_filter_that_hides_nothing_of_it() -> None:
    async with churning(filter="awk|bash") as monitor:
        await select(monitor, "24x")
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Spawners", SHELL)
        assert monitor.app.choices.filter_text == "awk|bash"


async def test_s_shows_the_users_among_whom_the_starter_is() -> None:
    async with churning() as monitor:
        table = monitor.frame.sample.processes
        parent = np.searchsorted(table.pid, table.ppid).clip(max=len(table) - 1)
        others = (table.uid != table.uid[parent]) & (table.ppid == table.pid[parent])
        row = int(np.flatnonzero(others & ~table.is_kernel)[0])
        view = replace(monitor.app.choices.view, uid=int(table.uid[row]))
        monitor.app.choose(replace(monitor.app.choices, view=view))
        await monitor.settle()
        await choose(monitor, int(table.pid[row]))
        await monitor.press("S")
        assert monitor.current_pid == table.ppid[row]
        assert monitor.app.choices.view.uid is None
        assert said(monitor).endswith("; all users are shown now")


async def test_s_says_what_the_collector_does_not_see() -> None:
    async with running(size=SIZE) as monitor:
        await choose(monitor, POSTGRES)
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Main", 701)
        told = "started by postgres 701; collector replay does not see processes start"
        assert said(monitor) == f"{told}; shown in Main"


# --- Enter on what is no process ------------------------------------------------------


async def test_enter_on_a_program_shows_what_ended_of_it() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab", "tab", "g")
        await select(monitor, "awk")
        await monitor.press("enter")
        assert tab(monitor) == "Exited"
        assert monitor.app.choices.filter_text == 'name = "awk"'
        assert monitor.table.row_count >= 24
        assert all("awk" in row for row in row_texts(monitor)[:20])
        assert said(monitor) == "what ended of awk; Esc leaves the filter"


async def test_enter_on_a_program_with_a_hostile_name() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab", "tab", "g")
        await select(monitor, "[/x]")
        await monitor.press("enter")
        assert tab(monitor) == "Exited"
        assert monitor.table.row_count >= 1
        assert all("[bold]" in row for row in row_texts(monitor))


async def test_enter_on_programs_of_unknown_names_says_so() -> None:
    ends = [{"pid": pid, "ppid": SHELL, "comm": b""} for pid in (22_101, 22_102)]
    collector = churning_collector(exits=make_exits(ends), starts=make_starts([]))
    async with running(make_app(collector), SIZE) as monitor:
        await monitor.press("tab", "tab", "tab", "g")
        await monitor.press("enter")
        assert said(monitor) == "their name is not known"
        assert tab(monitor) == "Spawners"
        assert not monitor.app.choices.filter_text


async def test_enter_on_a_cgroup_that_is_not_known_says_so() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab", "tab", "g", "g")
        await monitor.press("enter")
        assert tab(monitor) == "Spawners"
        assert said(monitor) == "their cgroup is not known"


@pytest.mark.parametrize(("tabs", "words"), [(0, "git 22002 has ended"), (2, None)])
async def test_enter_on_one_that_ended_is_no_dead_end(
    tabs: int, words: str | None
) -> None:
    async with churning() as monitor:
        await monitor.press(*["tab"] * tabs)
        await select(monitor, "git push")
        await monitor.press("enter")
        if words is None:
            assert (tab(monitor), monitor.current_pid) == ("Main", 2161)
        else:
            assert said(monitor) == words


async def test_s_names_an_ancestor_that_is_not_the_starter() -> None:
    async with churning() as monitor:
        await choose(monitor, COMPILER)
        await monitor.press("S")
        assert (tab(monitor), monitor.current_pid) == ("Spawners", MAKE)
        reason = "which started nothing in the last 5 s"
        assert (
            said(monitor)
            == f"started by g++ 4130, {reason}; this is make 3990 above it"
        )

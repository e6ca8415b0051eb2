"""Going from one list to another: the selection stays on its process."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from montauk_tui.config import Settings, TabSettings
from montauk_tui.engine.rows.kinds import real_identity
from montauk_tui.session.actions import opening, spawner
from montauk_tui.session.actions.view import viewing
from montauk_tui.session.effects import LookInto
from tests.support.builders import Row, make_sample
from tests.support.churn import MAKE, SHELL, churning_collector
from tests.support.desk import Desk
from tests.support.exits import make_exits
from tests.support.replay import ReplayCollector
from tests.support.starts import make_starts

POSTGRES: Final = 4402
"""Living, and no first row."""
COMPILER: Final = 4131
"""A child of a g++ that make started."""
FURTHER: Final = TabSettings("Web", columns=("pid", "command"), filter="postgres")


def churning(**settings: Any) -> Desk:
    return Desk(churning_collector(), Settings(**settings))


# --- tabs -----------------------------------------------------------------------------


def test_a_tab_that_is_left_has_its_selection_when_one_comes_back() -> None:
    desk = churning()
    desk.choose(POSTGRES)
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(-1)", "next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("Main", POSTGRES)
    assert desk.session.selection.row is not None


def test_a_tab_of_processes_starts_at_the_process_at_hand() -> None:
    desk = churning(tabs=(FURTHER,))
    desk.choose(POSTGRES)
    desk.run("next_tab(1)")
    assert (desk.tab, desk.current_pid) == ("I/O", POSTGRES)
    desk.run("next_tab(-1)", "next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("Web", POSTGRES)


def test_the_process_at_hand_is_kept_past_tabs_of_other_rows() -> None:
    desk = churning()
    desk.choose(POSTGRES)
    desk.run(*["next_tab(-1)"] * 4)
    assert desk.tab == "Exited"
    assert desk.session.selection.row is None
    desk.run("next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("I/O", POSTGRES)


def test_each_tab_has_a_selection_of_its_own() -> None:
    desk = churning()
    desk.choose(POSTGRES)
    desk.run("next_tab(1)")
    desk.choose(SHELL)
    desk.run("next_tab(-1)")
    assert desk.current_pid == POSTGRES
    desk.run("next_tab(1)")
    assert desk.current_pid == SHELL


def test_a_tab_in_which_nothing_was_chosen_takes_the_process_at_hand() -> None:
    desk = churning()
    desk.run("next_tab(1)")
    assert desk.session.selection.row is None
    desk.choose(SHELL)
    desk.run("next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("Main", SHELL)


def test_what_rests_on_the_first_row_does_so_again() -> None:
    desk = churning()
    desk.choose(POSTGRES)
    desk.run("first", "next_tab(1)")
    assert desk.session.selection.row is None
    desk.choose(SHELL)
    desk.run("next_tab(-1)")
    assert (desk.session.selection.position, desk.session.selection.row) == (0, None)


def test_one_that_a_tab_does_not_list_leaves_it_on_its_first_row() -> None:
    desk = churning(tabs=(FURTHER,))
    desk.choose(SHELL)
    desk.run("next_tab(-1)")
    assert desk.tab == "Web"
    assert (desk.session.selection.position, desk.session.selection.row) == (0, None)
    desk.run("next_tab(-1)")
    assert desk.tab == "Events"
    assert desk.session.selection.row is None


def test_where_the_row_is_gone_the_process_at_hand_takes_its_place() -> None:
    desk = churning()
    desk.find("[exit 128")
    desk.run("next_tab(1)")
    desk.choose(SHELL)
    desk.run("exited", "next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("Main", SHELL)


def test_a_row_of_another_list_stands_for_its_process() -> None:
    desk = churning()
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)")
    desk.find(f" {MAKE} ")
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)")
    assert (desk.tab, desk.current_pid) == ("Main", MAKE)


def test_the_row_of_one_that_ended_is_found_again() -> None:
    desk = churning()
    desk.run("next_tab(1)", "next_tab(1)")
    desk.find("git push")
    listed = desk.rows.listed
    desk.run("next_tab(-1)", "next_tab(1)")
    assert desk.tab == "Exited"
    assert "git push" in desk.texts[desk.session.selection.position]
    place = desk.session.place
    assert place is not None
    assert real_identity(listed, place).pid == 22_002


def test_who_is_followed_is_so_in_the_next_tab_of_processes() -> None:
    desk = churning()
    desk.choose(POSTGRES)
    desk.run("follow", "next_tab(1)")
    assert desk.session.choices.following is not None
    desk.run("next_tab(1)")
    assert desk.session.choices.following is None


def test_after_s_and_enter_each_tab_has_where_they_led() -> None:
    desk = churning()
    desk.find("24x")
    fold = desk.current_pid
    desk.run("spawner", "next_tab(1)", "next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("Spawners", SHELL)
    desk.run("next_tab(-1)", "next_tab(-1)", "next_tab(-1)")
    assert (desk.tab, desk.current_pid) == ("Main", fold)
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)", "enter")
    assert (desk.tab, desk.current_pid) == ("Main", SHELL)
    desk.run("next_tab(1)", "next_tab(-1)")
    assert desk.current_pid == SHELL


def test_enter_says_that_the_filter_hides_the_process() -> None:
    desk = churning(filter="forks_rate > 0")
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)")
    desk.find(f" {MAKE} ")
    desk.run("enter")
    assert (desk.tab, desk.current_pid) == ("Spawners", MAKE)
    assert desk.said == f"the filter hides make {MAKE} in Main"
    desk.run("cancel", "enter")
    assert (desk.tab, desk.current_pid) == ("Main", MAKE)


# --- who started it -------------------------------------------------------------------


def test_s_goes_to_who_started_it_in_main_where_that_is_no_spawner_now() -> None:
    desk = churning()
    desk.choose(POSTGRES)
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Main", 701)
    reason = "which started nothing in the last 5 s"
    assert desk.said == f"started by postgres 701, {reason}; shown in Main"


def test_s_of_the_first_process_knows_nobody() -> None:
    desk = churning()
    desk.choose(1)
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Main", 1)
    assert desk.said == "unknown parent"


@pytest.mark.parametrize("action", ["spawner", "look('files')"])
def test_no_key_goes_to_a_process_that_got_the_pid_of_the_parent(action: str) -> None:
    exit_ = {"pid": 700_000, "ppid": 4_500, "start_ticks": 1_000, "comm": b"child"}
    rows: list[Row] = [
        {"pid": 1, "comm": b"init"},
        {"pid": 4_500, "comm": b"late", "start_ticks": 5_000},
    ]
    samples = [
        make_sample(rows, after_s=at, exits=make_exits([exit_])) for at in (0, 1)
    ]
    desk = Desk(ReplayCollector(samples))
    desk.run("tab('exited')", action)
    assert desk.tab == "Exited"
    unknown = "unknown parent" if action == "spawner" else "child 700000 has exited"
    assert desk.said == unknown


def test_s_clears_the_filter_that_hides_the_starter() -> None:
    desk = churning(filter="awk")
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Spawners", SHELL)
    assert desk.session.choices.filter_text == ""
    assert desk.said == f"started by bash {SHELL}; filter cleared"


def test_s_clears_the_filter_in_main_as_well() -> None:
    desk = churning(filter="checkpointer")
    child = desk.current_pid
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Main", 701)
    assert desk.said.endswith("; shown in Main; filter cleared")
    assert child in desk.shown_pids


def test_s_leaves_a_filter_that_hides_nothing_of_it() -> None:
    desk = churning(filter="awk|bash")
    desk.find("24x")
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Spawners", SHELL)
    assert desk.session.choices.filter_text == "awk|bash"


def test_s_shows_the_users_among_whom_the_starter_is() -> None:
    desk = churning()
    table = desk.frame.sample.processes
    parent = np.searchsorted(table.pid, table.ppid).clip(max=len(table) - 1)
    others = (table.uid != table.uid[parent]) & (table.ppid == table.pid[parent])
    row = int(np.flatnonzero(others & ~table.is_kernel)[0])
    session = viewing(desk.session, uid=int(table.uid[row]))
    desk.session = session
    desk.choose(int(table.pid[row]))
    desk.run("spawner")
    assert desk.current_pid == table.ppid[row]
    assert desk.session.choices.view.uid is None
    assert desk.said.endswith("; all users are shown")


def test_s_says_what_the_collector_does_not_see() -> None:
    desk = Desk()
    desk.choose(POSTGRES)
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Main", 701)
    told = "started by postgres 701; collector replay does not report forks"
    assert desk.said == f"{told}; shown in Main"


# --- Enter on what is no process ------------------------------------------------------


def test_enter_on_a_program_shows_what_ended_of_it() -> None:
    desk = churning()
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)", "group")
    desk.find("awk")
    desk.run("enter")
    assert desk.tab == "Exited"
    assert desk.session.choices.filter_text == 'name = "awk"'
    assert len(desk.shown_pids) >= 24
    assert all("awk" in row for row in desk.texts[:20])
    assert desk.said == "exited processes of awk; Esc clears the filter"


def test_enter_on_a_program_with_a_hostile_name() -> None:
    desk = churning()
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)", "group")
    desk.find("[/x]")
    desk.run("enter")
    assert desk.tab == "Exited"
    assert len(desk.shown_pids) >= 1
    assert all("[bold]" in row for row in desk.texts)


def test_enter_on_programs_of_unknown_names_says_so() -> None:
    ends = [{"pid": pid, "ppid": SHELL, "comm": b""} for pid in (22_101, 22_102)]
    collector = churning_collector(exits=make_exits(ends), starts=make_starts([]))
    desk = Desk(collector)
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)", "group")
    desk.run("enter")
    assert desk.said == "name of the group is unknown"
    assert desk.tab == "Spawners"
    assert not desk.session.choices.filter_text


def test_enter_on_a_cgroup_that_is_not_known_says_so() -> None:
    desk = churning()
    desk.run("next_tab(1)", "next_tab(1)", "next_tab(1)", "group", "group")
    desk.run("enter")
    assert desk.tab == "Spawners"
    assert desk.said == "cgroup of the group is unknown"


@pytest.mark.parametrize("tab", ["main", "exited"])
@pytest.mark.parametrize(
    ("action", "section"), [("enter", ""), ("look('command')", "command")]
)
def test_enter_shows_the_details_of_one_that_exited(
    tab: str, action: str, section: str
) -> None:
    desk = churning()
    desk.run(f"tab({tab!r})")
    desk.find("git push")
    desk.run(action)
    (effect,) = desk.effects
    assert isinstance(effect, LookInto)
    assert (effect.process.pid, effect.name, effect.section) == (22002, "git", section)


def test_enter_on_one_whose_exit_is_no_longer_kept_says_that_it_exited() -> None:
    desk = churning()
    desk.find("git push")
    rows = desk.session.rows
    assert rows is not None
    history = replace(rows.frame.history, exited=())
    rows = rows._replace(frame=replace(rows.frame, history=history))
    desk.session = replace(desk.session, rows=rows)
    desk.run("enter")
    assert desk.said == "git 22002 has exited"


def test_s_names_an_ancestor_that_is_not_the_starter() -> None:
    desk = churning()
    desk.choose(COMPILER)
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Spawners", MAKE)
    reason = "which started nothing in the last 5 s"
    found = "selected its ancestor make 3990"
    assert desk.said == f"started by g++ 4130, {reason}; {found}"


def test_what_hides_a_process_for_another_reason_is_not_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = churning()
    desk.run("tab('spawners')")
    desk.find(f" {MAKE} ")
    for module in (opening, spawner):
        monkeypatch.setattr(module, "lists", lambda *_: False)
    desk.run("enter")
    assert desk.said == f"make {MAKE} is hidden in Main"
    desk.run("tab('main')")
    desk.choose(POSTGRES)
    desk.run("spawner")
    assert desk.said.endswith(", which is hidden in Main")

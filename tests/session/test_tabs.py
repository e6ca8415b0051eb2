"""The tabs of settings, and what leads from one list to another."""

from typing import Any

import pytest

from montauk_tui.config import Settings, TabSettings
from montauk_tui.engine.columns.cells import command_text
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.schema import Need
from montauk_tui.session.tabs import (
    BUILT_IN,
    DEVICES,
    LISTINGS,
    Tabs,
    validate,
    why_nothing,
)
from tests.support.builders import make_frame, make_sample
from tests.support.churn import (
    LOOPS,
    MAKE,
    SHELL,
    churning_collector,
    churning_samples,
)
from tests.support.desk import Desk
from tests.support.exits import make_exits
from tests.support.starts import fork, make_starts

WEB = TabSettings("Web", columns=("pid", "command"), filter="nginx")


def churning(**settings: Any) -> Desk:
    return Desk(churning_collector(), Settings(**settings))


# --- which there are ------------------------------------------------------------------


def test_without_choices_there_are_those_of_the_program() -> None:
    tabs = Tabs.from_settings(Settings())
    assert tabs.every == BUILT_IN
    assert tabs.order == tuple(it for it in BUILT_IN if it not in DEVICES)
    assert tabs.chosen_order == ()


def test_every_tab_of_the_program_has_rows_that_are_listed() -> None:
    assert {tab.rows for tab in BUILT_IN.values()} == set(LISTINGS)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), ("main", "io", "exited", "spawners", "groups", "events", "web")),
        (("web", "main"), ("web", "main")),
        (("events",), ("main", "events")),
        (("nonsense", "web"), ("main", "web")),
    ],
)
def test_the_order_of_tabs(order: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert Tabs.from_settings(Settings(tabs=(WEB,), tab_order=order)).order == expected


@pytest.mark.parametrize(
    ("settings", "hints"),
    [
        (Settings(tab_order=("mian",)), ["'tab_order'", "'mian'", "mean 'main'?"]),
        (Settings(tab_order=("web",)), ["'tab_order'", "'web'", "exited"]),
        (
            Settings(tabs=(TabSettings("exited", rows="events"),)),
            ["'exited'", "'rows' stays exited"],
        ),
        (Settings(tabs=(TabSettings("events", tree=True),)), ["'events'", "no tree"]),
    ],
)
def test_mistakes_cost_one_line_each(settings: Settings, hints: list[str]) -> None:
    (line,) = validate(settings)
    for hint in hints:
        assert hint in line
    assert Tabs.from_settings(settings).every["exited"].rows == "exited"


def test_a_key_leads_from_a_tab_that_is_not_offered_to_the_first_that_is() -> None:
    desk = churning(tab_order=("main", "io"))
    desk.run("group")
    assert desk.tab == "Groups"
    desk.run("next_tab(1)")
    assert desk.tab == "Main"


def test_a_column_is_chosen_for_one_tab() -> None:
    tabs = Tabs.from_settings(Settings()).with_columns("io", ("pid", "command"))
    assert tabs.every["io"].columns == ("pid", "command")
    assert tabs.every["main"] == BUILT_IN["main"]


# --- what they list -------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["exited", "spawners", "events"])
def test_an_empty_list_says_why_it_is_empty(tab: str) -> None:
    desk = Desk()
    desk.run(f"tab({tab!r})")
    blind = why_nothing(desk.rows.listed, desk.session.choices.tab_now.rows)
    assert "collector replay does not report " in blind
    desk = Desk(churning_collector(), Settings(filter="no such"))
    desk.run(f"tab({tab!r})")
    said = why_nothing(desk.rows.listed, desk.session.choices.tab_now.rows)
    assert said == "nothing matches the filter"


def test_the_tree_is_one_of_processes_alone() -> None:
    desk = churning()
    desk.run("tree")
    assert desk.session.choices.in_tree
    desk.run("tab('exited')", "tree", "siblings")
    assert not desk.session.choices.in_tree
    desk.run("tab('main')")
    assert desk.session.choices.in_tree


def test_g_groups_the_spawners_by_other_things_and_back() -> None:
    desk = churning()
    desk.run("tab('spawners')")
    by_parent, seen = desk.texts, []
    for _ in range(3):
        desk.run("group")
        seen.append(desk.session.choices.grouping)
    assert seen == ["executable", "cgroup", "parent"]
    assert desk.texts == by_parent


def test_g_leads_from_main_to_the_groups_and_on() -> None:
    desk, seen = churning(), []
    for _ in range(7):
        desk.run("group")
        seen.append((desk.tab, desk.session.choices.criterion))
    names = ["cgroup", "unit", "container", "user", "program", "cgroup", "unit"]
    assert seen == [("Groups", name) for name in names]


def test_groups_ask_for_cgroups_while_they_are_made_of_them() -> None:
    desk = churning()
    for has_need in (False, True, True, True, False, False):
        assert (Need.of("cgroup") in desk.session.choices.needs) == has_need
        desk.run("group")


def test_a_group_keeps_the_selection_when_its_row_moves() -> None:
    desk = churning()
    desk.run("group", "group", "group", "group", "group")
    desk.find("git")
    chosen = desk.session.current
    for _ in range(4):
        desk.sample()
        assert desk.session.current == chosen


@pytest.mark.parametrize("tree", [False, True])
def test_enter_on_a_group_leads_to_its_processes(*, tree: bool) -> None:
    desk = churning(user_threads=False)
    desk.run("containers", "group", *["tree"] * tree)
    for _ in range(5):
        for place in range(len(desk.shown_pids)):
            desk.run(f"select({place})")
            listed, row = desk.rows.listed, desk.session.place
            assert row is not None
            live = float(listed.extra["live"][row])
            name = command_text(listed, row)
            desk.run("enter")
            assert desk.tab == "Main"
            assert desk.said == f"processes of {name}; Esc clears the filter"
            assert sum(pid > 0 for pid in desk.shown_pids) == live, name
            hide = ["kernel_threads"] * desk.session.choices.kernel_threads
            desk.run("cancel", *hide, "tab('groups')")
        desk.run("group")


def test_a_fold_keeps_the_selection_while_it_grows() -> None:
    desk = churning()
    desk.find(f"{LOOPS}x")
    chosen = desk.session.current
    assert chosen is not None
    assert chosen.kind is RowKind.EXITED_GROUP
    for _ in range(8):
        desk.sample()
        assert desk.session.current == chosen
    assert f"{5 * LOOPS}x" in desk.texts[desk.session.selection.position]


def test_the_selection_of_what_ended_survives_refreshes() -> None:
    desk = churning(filter="git", linger_s=2.0)
    desk.find("git push")
    chosen = desk.session.current
    desk.sample()
    assert desk.session.current == chosen
    assert len(desk.shown_pids) == 2


# --- from one to another --------------------------------------------------------------


def test_s_leads_from_a_fold_to_its_spawner() -> None:
    desk = churning()
    desk.find(f"{LOOPS}x")
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Spawners", SHELL)


def test_s_leads_through_the_dead() -> None:
    desk = churning()
    desk.run("tab('exited')")
    desk.find("tsc --noEmit app/8.ts")
    desk.run("spawner")
    assert (desk.tab, desk.current_pid) == ("Spawners", MAKE)


def test_enter_leads_from_an_event_to_the_process_where_it_lives() -> None:
    begin = churning_samples()[1]
    table = begin.processes
    row = table.pid.tolist().index(4143)
    started = fork(
        4143, int(begin.boot_s * 1e9), start_ticks=int(table.start_ticks[row])
    )
    desk = Desk(churning_collector(starts=make_starts([started])))
    desk.run("tab('events')")
    desk.find(" 4143 ")
    desk.run("enter")
    assert (desk.tab, desk.current_pid) == ("Main", 4143)


def test_the_keys_of_rows_do_no_harm_in_any_grouping() -> None:
    desk = churning()
    for _ in range(3):
        desk.run("tab('spawners')", "group", "move(1)", "enter", "spawner", "enter")
        desk.sample()
        assert desk.tab in ("Main", "Exited", "Spawners")


def test_where_no_process_has_exited_the_list_says_so() -> None:
    desk = Desk()
    desk.run("tab('exited')")
    sample = make_sample([{"pid": 1}], exits=make_exits([]), starts=make_starts([]))
    desk.draw(make_frame(None, sample))
    said = why_nothing(desk.rows.listed, desk.session.choices.tab_now.rows)
    assert said == "no process has exited yet"


def test_chosen_tabs_are_in_the_place_of_those_before() -> None:
    choices = churning().session.choices
    tabs = choices.tabs.ordered(["exited", "main"])
    assert choices.with_tabs(tabs).tabs.order == ("exited", "main")


def test_without_containers_the_sample_must_tell_who_is_in_one() -> None:
    desk = churning()
    assert Need.CONTAINERS not in desk.session.choices.needs
    desk.run("containers")
    assert Need.CONTAINERS in desk.session.choices.needs

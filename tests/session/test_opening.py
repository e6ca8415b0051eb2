"""Opening a row: the closer look, or what the row stands for."""

import pytest

from montauk_tui.config import Settings
from montauk_tui.session.effects import LookInto
from montauk_tui.session.finding import PidSearch
from tests.support.builders import make_frame, make_sample
from tests.support.churn import LOOPS, MAKE, SHELL, churning_collector
from tests.support.desk import Desk


def looked_into(desk: Desk) -> tuple[int, str, str]:
    (effect,) = desk.effects
    assert isinstance(effect, LookInto)
    return effect.process.pid, effect.name, effect.section


@pytest.mark.parametrize("tab", ["main", "io"])
def test_enter_looks_into_a_process(tab: str) -> None:
    desk = Desk(churning_collector())
    desk.run(f"tab({tab!r})")
    desk.choose(MAKE)
    desk.run("enter")
    assert looked_into(desk) == (MAKE, "make", "")
    desk.run("look('files')")
    assert looked_into(desk) == (MAKE, "make", "files")


def test_the_key_looks_into_the_nearest_that_lives() -> None:
    desk = Desk(churning_collector())
    desk.run("tab('exited')")
    desk.find("awk")
    desk.run("look('locks')")
    assert looked_into(desk) == (SHELL, "bash", "locks")


def test_of_a_thread_it_is_the_process() -> None:
    desk = Desk(settings=Settings(user_threads=True))
    desk.sample()
    table = desk.rows.listed.sample.processes
    thread = next(
        pid
        for pid, tgid in zip(table.pid.tolist(), table.tgid.tolist(), strict=True)
        if pid != tgid and pid in desk.shown_pids and tgid in table.pid
    )
    desk.choose(thread)
    desk.run("enter")
    assert looked_into(desk)[0] == table.tgid[table.pid.tolist().index(thread)]


def test_enter_opens_and_closes_a_row_of_many_and_the_selection_stays() -> None:
    desk = Desk(churning_collector(), Settings(filter="awk", sort="count"))
    desk.find(f"{LOOPS}x")
    fold = desk.session.current
    desk.run("enter")
    assert desk.session.current == fold
    assert len(desk.shown_pids) == 1 + LOOPS
    desk.run("enter")
    assert desk.session.current == fold
    assert len(desk.shown_pids) == 1


def test_enter_leads_from_other_lists_to_the_process() -> None:
    desk = Desk(churning_collector())
    desk.run("tab('spawners')", "enter")
    assert desk.tab == "Main"
    assert desk.session.current is not None
    assert desk.session.current.process is not None


def test_enter_says_what_hides_the_process() -> None:
    desk = Desk(churning_collector(), Settings(filter="forks_rate > 0"))
    desk.run("tab('spawners')")
    desk.find(f" {MAKE} ")
    desk.run("enter")
    assert desk.said == f"the filter hides make {MAKE} in Main"
    desk.run("cancel", "choose_user")
    desk.answer("33")
    desk.run("first")
    assert not desk.shown_pids
    desk.run("enter")
    assert desk.tab == "Spawners"


def test_where_nothing_is_selected_nothing_is_opened() -> None:
    desk = Desk(settings=Settings(filter="no such command"))
    desk.run("enter", "spawner")
    assert (desk.effects, desk.said) == ((), "")
    desk.run("look('files')")
    assert desk.said == "no process is selected"
    assert desk.session.pid_search == PidSearch()


def test_a_thread_whose_process_is_not_listed_is_not_opened() -> None:
    desk = Desk()
    desk.draw(make_frame(None, make_sample([{"pid": 5, "tgid": 9}])))
    desk.run("user_threads")
    desk.choose(5)
    desk.run("look('files')")
    assert desk.effects == ()

"""Whom actions are for, and what comes of them."""

import os
import signal
from collections.abc import Callable

import pytest

from montauk_tui.config import Settings
from montauk_tui.host.local import LocalActions
from montauk_tui.model.outcome import Outcome, Result
from montauk_tui.model.sample import Identity
from montauk_tui.model.signals import NAMES
from montauk_tui.session.effects import Pick, Picked, Sample, Toggle
from tests.support.acting import Children, desk_of, desk_with
from tests.support.children import ended_by, with_room_above
from tests.support.churn import churning_collector
from tests.support.desk import Desk
from tests.support.exits import make_exits
from tests.support.starts import fork, make_starts

ACTING = (
    "kill", "nice_value", "nice(1)", "autogroup_nice(1)", "io_priority", "affinity",
    "policy", "tag",
    "tag_subtree", "follow", "trace", "backtrace",
)  # fmt: skip


def picking(desk: Desk) -> Pick:
    """Return the list that is open."""
    (effect,) = desk.effects
    assert isinstance(effect, Pick)
    return effect


# --- whom -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tabs", "row", "words"),
    [
        (0, "git push", "git 22002 has exited"),
        (0, "24x", "this row is a group of exited processes"),
        (2, "git push", "git 22002 has exited"),
        (5, "git push", "PID 22002 of this event has exited"),
    ],
)
def test_what_ended_cannot_be_acted_on(tabs: int, row: str, words: str) -> None:
    desk = Desk(churning_collector())
    desk.run(*["next_tab(1)"] * tabs)
    desk.find(row)
    for action in ACTING:
        desk.said = ""
        desk.run(action)
        assert desk.said == words, action
    assert not desk.session.choices.tags


@pytest.mark.parametrize("tab", ["spawners", "groups"])
def test_a_group_of_processes_cannot_be_acted_on(tab: str) -> None:
    desk = Desk(churning_collector())
    desk.run(f"tab({tab!r})", "group")
    for action in ACTING:
        desk.said = ""
        desk.run(action)
        assert desk.said == "this row is a group, not one process", action


def test_a_table_without_rows_has_nobody_to_act_on() -> None:
    desk = Desk(settings=Settings(filter="no such command"))
    for action in ACTING:
        desk.said = ""
        desk.run(action)
        assert desk.said == "no process is selected", action


def test_an_event_of_a_process_that_lives_stands_for_that_process(
    family: Children,
) -> None:
    (_, parent), (_, identity) = family[:2]
    event = fork(
        identity.pid, 10**14, ppid=parent.pid, start_ticks=identity.start_ticks
    )
    desk = desk_with(
        parent, identity, starts=make_starts([event]), exits=make_exits([])
    )
    desk.run("tab('events')", "kill")
    assert picking(desk).title == f"Send to child1 {identity.pid}"
    desk.run("follow")
    wanted = f"PID {identity.pid} is not in this list; Enter goes to it"
    assert desk.said == wanted


def test_read_only_acts_on_nobody(family: Children) -> None:
    desk = desk_of(family, read_only=True)
    for action in (*ACTING[:7], "trace", "backtrace"):
        desk.said = ""
        desk.run(action)
        assert desk.said == "read-only mode: processes cannot be changed", action
    assert [process.poll() for process, _ in family] == [None] * 3


# --- what comes of it -----------------------------------------------------------------


def test_a_signal_is_sent_said_and_remembered(family: Children) -> None:
    desk = desk_of(family)
    desk.run("move(1)", "kill")
    assert picking(desk).title == f"Send to child1 {family[1][1].pid}"
    assert picking(desk).current == str(int(signal.SIGTERM))
    desk.answer(Picked(str(int(signal.SIGUSR2))))
    assert desk.said == f"SIGUSR2 sent to PID {family[1][1].pid}"
    assert ended_by(family[1][0]) is signal.SIGUSR2
    assert Sample() in desk.effects
    desk.run("move(-1)", "kill")
    assert picking(desk).current == str(int(signal.SIGUSR2))
    assert family[0][0].poll() is None


def test_the_signals_that_people_send_come_first(family: Children) -> None:
    desk = desk_of(family)
    desk.run("move(1)", "kill")
    pick = picking(desk)
    numbers = [int(choice.id) for choice in pick.choices]
    first, rest = numbers[: pick.first], numbers[pick.first :]
    assert [signal.Signals(it).name[3:] for it in first] == [
        "TERM", "KILL", "HUP", "INT", "STOP", "CONT",
    ]  # fmt: skip
    assert rest == sorted(set(NAMES) - set(first))
    assert (pick.verb, pick.switched_title) == ("send", "")


def test_one_descendant_is_in_the_singular(family: Children) -> None:
    desk = desk_of(family[:2])
    desk.run("kill")
    assert picking(desk).switch_adds == "1 descendant"


def test_what_is_paused_stays_as_it_is(family: Children) -> None:
    desk = desk_of(family)
    desk.run("pause", "kill")
    desk.answer(Picked("15"))
    assert ended_by(family[0][0]) is signal.SIGTERM
    assert Sample() not in desk.effects


def test_the_switch_means_all_below_as_well(family: Children) -> None:
    desk = desk_of(family)
    desk.run("kill")
    assert picking(desk).switch_adds == "2 descendants"
    desk.answer(Picked("15", switched=True))
    assert desk.said == "SIGTERM sent to 3"
    assert [ended_by(process) for process, _ in family] == [signal.SIGTERM] * 3


def test_tagged_processes_get_it_in_place_of_the_selected(family: Children) -> None:
    desk = desk_of(family)
    desk.run("move(1)", "tag", "tag", "first", "kill")
    assert picking(desk).title == "Send to 2 tagged"
    desk.run("prompt_typed('filter', 'child1')", "kill")
    assert picking(desk).title == "Send to 2 tagged, 1 not shown"
    desk.answer(Picked("15"))
    assert ended_by(family[1][0]) is ended_by(family[2][0]) is signal.SIGTERM
    assert family[0][0].poll() is None


def test_another_process_with_the_pid_is_left_alone(family: Children) -> None:
    process, identity = family[0]
    desk = desk_with(Identity(identity.pid, identity.start_ticks - 1))
    desk.run("kill")
    desk.answer(Picked("9"))
    assert desk.said == f"SIGKILL: PID {identity.pid} had exited"
    desk.run("nice(1)")
    assert desk.said == f"nice +1: PID {identity.pid} had exited"
    assert process.poll() is None


def test_the_nice_value_goes_up(family: Children) -> None:
    pid = family[0][1].pid
    before = with_room_above(pid)
    desk = desk_of(family)
    desk.run("nice(1)")
    assert os.getpriority(os.PRIO_PROCESS, pid) == before + 1
    assert desk.said == f"nice +1 set for PID {pid} (now {before + 1})"


def test_cpus_are_chosen(family: Children) -> None:
    pid = family[0][1].pid
    if not {0, 1} <= os.sched_getaffinity(pid):
        pytest.skip("needs the CPUs 0 and 1")
    desk = desk_of(family)
    desk.run("affinity")
    (effect,) = desk.effects
    assert isinstance(effect, Toggle)
    assert {*effect.chosen} == os.sched_getaffinity(pid)
    desk.answer(frozenset({0}))
    assert os.sched_getaffinity(pid) == {0}
    assert desk.said == f"1 CPU set for PID {pid}"


def test_the_io_priority_is_chosen(family: Children) -> None:
    from montauk_tui.actions import io_priority  # noqa: PLC0415 - only here

    pid = family[0][1].pid
    desk = desk_of(family)
    desk.run("io_priority")
    assert picking(desk).title == f"I/O priority of child0 {pid}"
    desk.answer(Picked("best-effort6"))
    assert io_priority.current(pid) == ("best-effort", 6)
    assert desk.said == f"I/O best-effort 6 set for PID {pid}"
    desk.run("io_priority")
    assert picking(desk).current == "best-effort6"
    desk.answer(Picked("idle"))
    assert desk.said == f"I/O idle set for PID {pid}"


def test_a_policy_of_real_time_needs_a_priority(family: Children) -> None:
    pid = family[0][1].pid
    desk = desk_of(family)
    desk.run("policy")
    desk.answer(Picked("batch"))
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH
    assert desk.said == f"policy batch set for PID {pid}"
    desk.run("policy")
    assert picking(desk).current == "batch"
    desk.answer(Picked("fifo"))
    assert picking(desk).title == f"Priority of fifo for child0 {pid}"
    desk.answer(Picked("42"))
    assert "policy fifo 42" in desk.said


def test_an_autogroup_is_changed_once_for_all_its_processes(
    family: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[int] = []

    def adder(_self: object, step: int) -> Callable[[Identity], Result]:
        added.append(step)
        return lambda identity: Result(identity, Outcome.DONE)

    monkeypatch.setattr(LocalActions, "autogroup_adder", adder)
    desk = desk_of(family)
    desk.run("tag", "tag", "autogroup_nice(-1)")
    assert desk.said == "autogroup nice -1 set for 2"
    assert added == [-1]


def test_an_event_without_a_start_time_has_no_process() -> None:
    starts = make_starts([fork(77, 10**14, ppid=0, start_ticks=None)])
    desk = desk_with(Identity(5, 50), starts=starts, exits=make_exits([]))
    desk.run("tab('events')", "look('files')")
    assert desk.said.startswith("PID 77 may have been reused")


def test_the_nice_value_is_chosen_from_a_list(family: Children) -> None:
    (process, identity), *_ = family
    desk = desk_of(family)
    desk.run("nice_value")
    pick = picking(desk)
    assert pick.title == f"Nice value of child0 {identity.pid}"
    assert [choice.id for choice in pick.choices] == [str(it) for it in range(-20, 20)]
    desk.answer(Picked("19"))
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
    assert desk.said == f"nice 19 set for PID {identity.pid} (now 19)"

"""Acting on processes: whom it is for, what came of it, and when it is refused."""

import os
import signal

import pytest
from textual import events

from montauk_tui.session.effects import Choice
from montauk_tui.ui.screens.pick import PickScreen, find
from montauk_tui.ui.screens.toggles import TogglesScreen
from tests.support.acting import (
    SIZE,
    Children,
    app_of,
    app_with,
    box,
    said,
)
from tests.support.children import ended_by, zombie
from tests.support.monitor import running

# --- signals --------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["f9", "k"])
async def test_enter_in_the_menu_ends_the_selected_process(
    family: Children, key: str
) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("down", key)
        assert isinstance(monitor.app.screen, PickScreen)
        assert box(monitor)[0] == f"Send to child1 {family[1][1].pid}"
        assert "15 SIGTERM" in monitor.text
        await monitor.press("enter")
        assert ended_by(family[1][0]) is signal.SIGTERM
        assert said(monitor) == f"SIGTERM sent to PID {family[1][1].pid}"
        assert monitor.is_alone
    assert family[0][0].poll() is family[2][0].poll() is None


async def test_escape_sends_nothing(family: Children) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("f9", "escape", "f9", "f10")
        assert monitor.is_alone
    assert [process.poll() for process, _ in family] == [None] * 3


async def test_a_signal_is_found_by_number_or_name_and_remembered(
    family: Children,
) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("f9", "1", "2")
        assert box(monitor)[1] == "12: Enter sends"
        await monitor.press("enter")
        assert ended_by(family[0][0]) is signal.SIGUSR2
        await monitor.press("down", "f9", "enter")
        assert ended_by(family[1][0]) is signal.SIGUSR2
        await monitor.press("down", "f9")
        await monitor.type("kill")
        await monitor.press("enter")
        assert ended_by(family[2][0]) is signal.SIGKILL


async def test_what_was_typed_wrongly_sends_nothing(family: Children) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("f9")
        await monitor.type("kilo")
        assert box(monitor)[1] == "no match for kilo"
        await monitor.press("enter")
        assert not monitor.is_alone
        await monitor.press("backspace")
        assert box(monitor)[1] == "kil: Enter sends"
        await monitor.type("x")
        await monitor.press("down")
        assert box(monitor)[1] == "Enter send  Tab add 2 descendants  Esc cancel"
        await monitor.press("escape")
    assert [process.poll() for process, _ in family] == [None] * 3


async def test_tab_in_the_menu_means_all_below_as_well(family: Children) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("f9")
        assert "Tab add 2 descendants" in box(monitor)[1]
        await monitor.press("tab")
        assert box(monitor)[0].endswith("and 2 descendants")
        assert "Tab leave out 2 descendants" in box(monitor)[1]
        await monitor.press("enter")
        for process, _ in family:
            assert ended_by(process) is signal.SIGTERM
        assert said(monitor) == "SIGTERM sent to 3"


async def test_a_rule_parts_the_usual_signals_from_the_others(family: Children) -> None:
    for ascii_only, dash in ((False, "─"), (True, "-")):
        async with running(app_of(family, ascii=ascii_only), SIZE) as monitor:
            await monitor.press("f9")
            lines = monitor.lines
            at = next(y for y, line in enumerate(lines) if "18 SIGCONT" in line)
            assert lines[at + 1].count(dash * 40) == 1
            assert "3 SIGQUIT" in lines[at + 2]
            assert "".join(lines).isascii() == ascii_only


async def test_tagged_processes_get_it_in_place_of_the_selected(
    family: Children,
) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("down", "space", "space", "home", "f9")
        assert box(monitor)[0] == "Send to 2 tagged"
        await monitor.press("enter")
        assert said(monitor) == "SIGTERM sent to 2"
        assert ended_by(family[1][0]) is ended_by(family[2][0]) is signal.SIGTERM
    assert family[0][0].poll() is None


async def test_who_ends_while_the_menu_is_open_is_told_of_as_gone(
    family: Children,
) -> None:
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("space", "space", "f9")
        family[0][0].kill()
        family[0][0].wait()
        await monitor.press("enter")
        assert said(monitor) == "SIGTERM sent to 1; 1 had exited"


async def test_a_zombie_is_refused_in_one_line() -> None:
    with zombie() as identity:
        async with running(app_with(identity), SIZE) as monitor:
            await monitor.press("f9", "enter")
            assert "only its parent can reap it" in said(monitor)


# --- nice, I/O, CPUs, policy ----------------------------------------------------------


@pytest.mark.parametrize(("key", "before", "after"), [("f8", 3, 4), ("f7", 3, 2)])
async def test_nice_goes_up_and_down(
    family: Children, key: str, before: int, after: int
) -> None:
    if os.geteuid() and after < before:
        pytest.skip("needs root, to lower a nice value")
    pid = family[0][1].pid
    os.setpriority(os.PRIO_PROCESS, pid, before)
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press(key)
        assert os.getpriority(os.PRIO_PROCESS, pid) == after
        step = f"{after - before:+}"
        assert said(monitor) == f"nice {step} set for PID {pid} (now {after})"


async def test_cpus_are_turned_on_and_off(family: Children) -> None:
    pid = family[0][1].pid
    if not {0, 1} <= os.sched_getaffinity(pid):
        pytest.skip("needs the CPUs 0 and 1")
    os.sched_setaffinity(pid, {0, 1})
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("a")
        assert isinstance(monitor.app.screen, TogglesScreen)
        assert "[x] CPU 1" in monitor.text
        await monitor.press("down", "space")
        assert "[ ] CPU 1" in monitor.text
        await monitor.press("enter")
        assert os.sched_getaffinity(pid) == {0}
        assert said(monitor) == f"1 CPU set for PID {pid}"
        await monitor.press("a", "a")
        assert "[x] CPU 1" in monitor.text
        await monitor.press("a", "enter")
        assert "it needs at least one CPU" in said(monitor)
        await monitor.press("a", "a", "escape")
        assert os.sched_getaffinity(pid) == {0}


async def test_keys_for_cpus_count_in_the_order_in_which_they_come(
    family: Children,
) -> None:
    pid = family[0][1].pid
    if not {0, 1} <= os.sched_getaffinity(pid):
        pytest.skip("needs the CPUs 0 and 1")
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("a")
        for key in ("down", "space", "enter"):
            monitor.app.post_message(events.Key(key, None))
        await monitor.settle()
        assert monitor.is_alone
        assert 1 not in os.sched_getaffinity(pid)


async def test_the_io_priority_is_chosen_from_a_list(family: Children) -> None:
    from montauk_tui.actions import io_priority  # noqa: PLC0415 - only here

    pid = family[0][1].pid
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("i")
        assert box(monitor)[0] == f"I/O priority of child0 {pid}"
        await monitor.type("best-effort6")
        await monitor.press("enter")
        assert io_priority.current(pid) == ("best-effort", 6)
        assert said(monitor) == f"I/O best-effort 6 set for PID {pid}"
        await monitor.press("i", "i", "d", "enter")
        assert io_priority.current(pid)[0] == "idle"
        assert said(monitor) == f"I/O idle set for PID {pid}"


async def test_the_policy_is_chosen_from_a_list(family: Children) -> None:
    pid = family[0][1].pid
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("Y", "down", "enter")
        assert os.sched_getscheduler(pid) == os.SCHED_BATCH
        assert said(monitor) == f"policy batch set for PID {pid}"
        await monitor.press("Y", "escape", "Y", "f", "enter")
        assert box(monitor)[0] == f"Priority of fifo for child0 {pid}"
        await monitor.press("escape")
        assert monitor.is_alone
        await monitor.press("Y", "r", "r", "enter", "4", "2", "enter")
        assert "policy rr 42" in said(monitor)


# --- read-only ------------------------------------------------------------------------


async def test_read_only_acts_on_nobody_and_shows_no_keys_that_would(
    family: Children,
) -> None:
    async with running(app_of(family, read_only=True), SIZE) as monitor:
        assert "F9" not in monitor.lines[-1]
        assert "F7" not in monitor.lines[-1]
        assert "F10 Quit" in monitor.lines[-1]
        assert "read-only" in monitor.text
        await monitor.press("space")
        for key in ("f9", "k", "f7", "f8", "i", "a", "Y"):
            await monitor.press(key)
            assert monitor.is_alone, key
            assert said(monitor).startswith("read-only"), key
    assert [process.poll() for process, _ in family] == [None] * 3


@pytest.mark.parametrize(
    ("text", "found"),
    [("9", 1), ("1", 3), ("19", 2), ("kill", 1), ("sigk", 1), ("hup", 3), ("zz", None)],
)
def test_typing_means_a_whole_word_first_then_its_start_then_a_part(
    text: str, found: int | None
) -> None:
    choices = [
        Choice(number, f"{number} {name}", "")
        for number, name in (
            ("15", "SIGTERM"), ("9", "SIGKILL"), ("19", "SIGSTOP"), ("1", "SIGHUP"),
        )
    ]  # fmt: skip
    assert find(choices, text) == found

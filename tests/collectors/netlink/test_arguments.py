"""Whose arguments are known when it has ended."""

from collections.abc import Mapping
from typing import Any

import pytest

from montauk_tui.collectors.netlink import arguments as package
from montauk_tui.collectors.netlink.arguments import Arguments
from montauk_tui.collectors.netlink.reader import Argv
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN
from tests.collectors.netlink.messages import joined_exits
from tests.support.builders import make_table

HZ = 100
TICK_NS = 10**9 // HZ
START = 700
START_NS = START * TICK_NS
EXEC_NS, READ_NS, END_NS = (START_NS + TICK_NS // 2 + after for after in (1, 2, 3))
LATER_NS = 10**9
"""Long after: whoever has the pid now is another."""


def made(known: Mapping[Identity, bytes] | None = None) -> Arguments:
    return Arguments((known or {}).get, HZ)


def end(pid: int, **values: Any) -> dict[str, Any]:
    usual = {"time_ns": END_NS, "start_ticks": START, "fork_ns": START_NS}
    return {"pid": pid, **usual, **values}


def of(
    arguments: Arguments,
    *rows: Mapping[str, Any],
    before: ProcessTable | None = None,
    now: ProcessTable | None = None,
) -> list[bytes]:
    none = ProcessTable.empty()
    return arguments.of(joined_exits(*rows), before or none, now or none, 0)


def test_what_was_read_after_the_exec_is_told_once() -> None:
    arguments = made()
    arguments.add(
        {(5, EXEC_NS): Argv(b"one\0", READ_NS), (6, EXEC_NS): Argv(b"two\0", READ_NS)}
    )
    assert of(arguments, end(6), end(5)) == [b"two\0", b"one\0"]
    assert of(arguments, end(5)) == [b""], "the next of that pid is another"
    assert arguments.missed == 0


def test_a_start_that_nobody_knows_is_before_its_exec() -> None:
    arguments = made()
    arguments.add({(5, EXEC_NS): Argv(b"one\0", READ_NS)})
    assert of(arguments, end(5, start_ticks=UNKNOWN, fork_ns=0)) == [b"one\0"]


def test_what_was_a_row_is_another_than_who_has_no_start() -> None:
    table = make_table([{"pid": 5, "start_ticks": START}])
    arguments = made({table.identity(0): b"row\0"})
    arguments.learn(table, 0)
    assert of(arguments, end(5, start_ticks=UNKNOWN, fork_ns=0)) == [b""]


def test_the_last_exec_counts() -> None:
    arguments = made({Identity(5, START): b"old\0"})
    arguments.add({(5, EXEC_NS): Argv(b"one\0", READ_NS)})
    arguments.add({(5, EXEC_NS + 2): Argv(b"two\0", READ_NS + 1)})
    arguments.add({(5, EXEC_NS + 1): Argv(b"late\0", READ_NS + 1)})
    assert of(arguments, end(5)) == [b"two\0"]


@pytest.mark.parametrize(
    "argv", [Argv(b"", READ_NS), Argv(b"", 0), Argv(b"another's\0", END_NS + 1)]
)
def test_what_was_read_too_late_is_nobodys_and_counted(argv: Argv) -> None:
    arguments = made({Identity(5, START): b"before the exec\0"})
    arguments.add({(5, EXEC_NS): argv})
    assert of(arguments, end(5)) == [b""]
    assert arguments.missed == 1


def test_without_an_event_nobody_can_say_that_it_was_too_late() -> None:
    arguments = made()
    arguments.add({(5, EXEC_NS): Argv(b"one\0", READ_NS)})
    assert of(arguments, end(5, time_ns=0)) == [b"one\0"]


def test_who_was_there_before_has_what_was_looked_up_for_it() -> None:
    arguments = made({Identity(5, START): b"known\0"})
    assert of(arguments, end(5)) == [b"known\0"]
    assert of(arguments, end(5, start_ticks=START + 1)) == [b""]


@pytest.mark.parametrize("where", ["before", "now"])
def test_who_never_called_exec_runs_what_its_parent_runs(where: str) -> None:
    parent = make_table([{"pid": 3, "start_ticks": 9}, {"pid": 4, "start_ticks": 9}])
    arguments = made({Identity(4, 9): b"parent\0"})
    child = end(5, fork_parent=4)
    assert of(arguments, child, **{where: parent}) == [b"parent\0"]
    assert of(arguments, end(5, fork_parent=3), **{where: parent}) == [b""]
    assert of(arguments, end(5, fork_parent=99), **{where: parent}) == [b""]
    assert of(arguments, end(5), **{where: parent}) == [b""]


def test_a_parent_that_ended_with_its_child_is_asked_all_the_same() -> None:
    arguments = made()
    arguments.add({(4, EXEC_NS): Argv(b"parent\0", READ_NS)})
    child = end(5, fork_parent=4, fork_ns=READ_NS)
    assert of(arguments, end(4), child) == [b"parent\0"] * 2


def test_what_is_known_of_the_living_is_kept_for_when_they_are_zombies() -> None:
    """Not of zombies and threads; and what an exec told is the truth already."""
    known = {Identity(pid, START): b"%d\0" % pid for pid in range(2, 8)}
    arguments = made(known)
    arguments.add({(2, EXEC_NS): Argv(b"told\0", READ_NS), (3, EXEC_NS): Argv(b"", 0)})
    rows: list[dict[str, Any]] = [
        {"pid": 2}, {"pid": 3}, {"pid": 4, "state": "Z"}, {"pid": 5, "tgid": 2},
        {"pid": 6, "flags": PF_KTHREAD}, {"pid": 7}, {"pid": 8},
    ]  # fmt: skip
    arguments.learn(make_table([{**row, "start_ticks": START} for row in rows]), 0)
    known.clear()
    reported = of(arguments, *map(end, range(2, 9)))
    assert reported == [b"told\0", b"3\0", b"", b"", b"", b"7\0", b""]
    assert arguments.missed == 0


def test_the_oldest_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "_MOST", 3)
    arguments = made()
    for pid in (1, 2, 3, 1, 4):
        arguments.add({(pid, EXEC_NS): Argv(b"%d" % pid, READ_NS)})
    assert of(arguments, *map(end, (1, 2, 3, 4))) == [b"1", b"", b"3", b"4"]
    assert arguments.missed == 0


def test_who_took_over_a_pid_has_not_the_arguments_of_its_last_holder() -> None:
    """The end of that was lost; what has it now was forked, and called no exec."""
    known = {Identity(4, START): b"parent\0"}
    arguments = made(known)
    arguments.add({(5, EXEC_NS): Argv(b"old\0", READ_NS)})
    later = {
        "start_ticks": START + HZ, "time_ns": END_NS + LATER_NS,
        "fork_ns": START_NS + LATER_NS, "fork_parent": 4,
    }  # fmt: skip
    parent = make_table([{"pid": 4, "start_ticks": START}])
    assert of(arguments, end(5, **later), now=parent) == [b"parent\0"]
    arguments.learn(make_table([{"pid": 4, "start_ticks": START}]), 0)
    known[Identity(4, START + HZ)] = b"another\0"
    arguments.learn(make_table([{"pid": 4, "start_ticks": START + HZ}]), 0)
    known.clear()
    assert of(arguments, end(4, **later)) == [b"another\0"]
    assert arguments.missed == 0


def test_nor_does_a_child_have_those_of_the_last_holder_of_its_parents_pid() -> None:
    arguments = made({Identity(4, START + HZ): b"new\0"})
    arguments.add({(4, EXEC_NS): Argv(b"old\0", READ_NS)})
    child = end(
        5, start_ticks=START + HZ + 1, fork_parent=4, fork_ns=START_NS + LATER_NS
    )
    parent = make_table([{"pid": 4, "start_ticks": START + HZ}])
    assert of(arguments, child, now=parent) == [b"new\0"]


def test_a_child_from_before_its_parents_exec_ran_what_nobody_knows_any_more() -> None:
    arguments = made()
    arguments.add({(4, EXEC_NS): Argv(b"new\0", READ_NS)})
    child = end(5, fork_parent=4, fork_ns=EXEC_NS - 1)
    assert of(arguments, child) == [b""]
    assert arguments.missed == 1
    assert of(arguments, {**child, "fork_ns": EXEC_NS + 1}) == [b"new\0"]


def test_of_whom_the_arguments_are_kept_nobody_asks_again() -> None:
    asked: list[int] = []

    def known(identity: Identity) -> bytes:
        asked.append(identity.pid)
        return b"row\0" if identity.pid != 5 else b""

    def learned(*rows: dict[str, int]) -> list[int]:
        asked.clear()
        table = [{"start_ticks": START, **row} for row in rows]
        arguments.learn(make_table(table), 0)
        return asked.copy()

    arguments = Arguments(known, HZ)
    rows = [{"pid": pid} for pid in (3, 4, 5)]
    assert learned(*rows) == [3, 4, 5]
    assert learned(*rows) == [5], "of which nothing is known yet"
    arguments.add({(3, EXEC_NS): Argv(b"", 0)})
    assert learned(*rows) == [3, 5], "after an exec"
    of(arguments, end(4))
    assert learned(*rows) == [4, 5], "after an exit"
    assert learned({"pid": 3, "start_ticks": START + HZ}, {"pid": 4}) == [3]
    assert learned({"pid": 4}) == []

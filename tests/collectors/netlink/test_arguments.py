"""Whose arguments are known when it has ended."""

from collections.abc import Mapping
from typing import Any

import pytest

from montauk_tui.collectors.netlink import arguments as package
from montauk_tui.collectors.netlink.arguments import Arguments
from montauk_tui.collectors.netlink.streams import Argv
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import PF_KTHREAD
from tests.collectors.netlink.messages import ends
from tests.support.builders import make_table

START = 700
READ_NS, END_NS = 10, 20


def made(known: Mapping[Identity, bytes] | None = None) -> Arguments:
    return Arguments((known or {}).get)


def end(pid: int, **values: Any) -> dict[str, Any]:
    return {"pid": pid, "time_ns": END_NS, "start_ticks": START, **values}


def of(
    arguments: Arguments,
    *rows: Mapping[str, Any],
    before: ProcessTable | None = None,
    now: ProcessTable | None = None,
) -> list[bytes]:
    none = ProcessTable.empty()
    return arguments.of(ends(*rows), before or none, now or none)


def test_what_was_read_after_the_exec_is_told_once() -> None:
    arguments = made()
    arguments.add({5: Argv(b"one\0", READ_NS), 6: Argv(b"two\0", READ_NS)})
    assert of(arguments, end(6), end(5)) == [b"two\0", b"one\0"]
    assert of(arguments, end(5)) == [b""], "the next of that pid is another"
    assert arguments.missed == 0


def test_the_last_exec_counts() -> None:
    arguments = made({Identity(5, START): b"old\0"})
    arguments.add({5: Argv(b"one\0", READ_NS)})
    arguments.add({5: Argv(b"two\0", READ_NS + 1)})
    assert of(arguments, end(5)) == [b"two\0"]


@pytest.mark.parametrize(
    "argv", [Argv(b"", READ_NS), Argv(b"", 0), Argv(b"another's\0", END_NS + 1)]
)
def test_what_was_read_too_late_is_nobodys_and_counted(argv: Argv) -> None:
    arguments = made({Identity(5, START): b"before the exec\0"})
    arguments.add({5: argv})
    assert of(arguments, end(5)) == [b""]
    assert arguments.missed == 1


def test_without_an_event_nobody_can_say_that_it_was_too_late() -> None:
    arguments = made()
    arguments.add({5: Argv(b"one\0", READ_NS)})
    assert of(arguments, end(5, time_ns=0)) == [b"one\0"]


def test_who_was_there_before_has_what_was_looked_up_for_it() -> None:
    arguments = made({Identity(5, START): b"known\0"})
    assert of(arguments, end(5)) == [b"known\0"]
    assert of(arguments, end(5, start_ticks=START + 1)) == [b""]


@pytest.mark.parametrize("where", ["before", "now"])
def test_who_never_called_exec_runs_what_its_parent_runs(where: str) -> None:
    parent = make_table([{"pid": 3}, {"pid": 4, "start_ticks": 9}])
    arguments = made({Identity(4, 9): b"parent\0"})
    child = end(5, fork_parent=4)
    assert of(arguments, child, **{where: parent}) == [b"parent\0"]
    assert of(arguments, end(5, fork_parent=3), **{where: parent}) == [b""]
    assert of(arguments, end(5, fork_parent=99), **{where: parent}) == [b""]
    assert of(arguments, end(5), **{where: parent}) == [b""]


def test_a_parent_that_ended_with_its_child_is_asked_all_the_same() -> None:
    arguments = made()
    arguments.add({4: Argv(b"parent\0", READ_NS)})
    assert of(arguments, end(4), end(5, fork_parent=4)) == [b"parent\0"] * 2


def test_what_is_known_of_the_living_is_kept_for_when_they_are_zombies() -> None:
    """Not of zombies and threads; and what an exec told is the truth already."""
    known = {Identity(pid, START): b"%d\0" % pid for pid in range(2, 8)}
    arguments = made(known)
    arguments.add({2: Argv(b"told\0", READ_NS), 3: Argv(b"", 0)})
    rows: list[dict[str, Any]] = [
        {"pid": 2}, {"pid": 3}, {"pid": 4, "state": "Z"}, {"pid": 5, "tgid": 2},
        {"pid": 6, "flags": PF_KTHREAD}, {"pid": 7}, {"pid": 8},
    ]  # fmt: skip
    arguments.learn(make_table([{**row, "start_ticks": START} for row in rows]))
    known.clear()
    told = of(arguments, *map(end, range(2, 9)))
    assert told == [b"told\0", b"3\0", b"", b"", b"", b"7\0", b""]
    assert arguments.missed == 0


def test_the_oldest_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "_MOST", 3)
    arguments = made()
    for pid in (1, 2, 3, 1, 4):
        arguments.add({pid: Argv(b"%d" % pid, READ_NS)})
    assert of(arguments, *map(end, (1, 2, 3, 4))) == [b"1", b"", b"3", b"4"]
    assert arguments.missed == 0

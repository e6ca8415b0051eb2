"""What stands beside a command."""

from typing import Any

import pytest

from montauk_tui.engine.rows.exited import with_exited
from montauk_tui.engine.rows.kinds import kind_of
from montauk_tui.engine.rows.notes import NO_NOTE, note
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from tests.support.builders import Row
from tests.support.deaths import make_death
from tests.support.listing import MS, Life, end

HOSTILE = b"\x1b[2J[/]\xff"


def single(**values: Any) -> str:
    frame = with_exited(Life().at(1.0, [end(100, **values)]), 5.0, frozenset())
    return note(frame, 0).around("true")


def fold_note(frame: Frame) -> str:
    listed = with_exited(frame, 5.0, frozenset())
    (row,) = [
        row
        for row in range(len(listed.sample.processes))
        if kind_of(listed, row) is RowKind.EXITED_GROUP
    ]
    return note(listed, row).behind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "[exit 0, 5.0ms] true"),
        ({"exit_code": 3}, "[exit 3, 5.0ms] true"),
        ({"exit_code": None, "exit_signal": 9}, "[SIGKILL, 5.0ms] true"),
        ({"exit_code": None, "exit_signal": 11, "core_dumped": 1},
         "[SIGSEGV+core, 5.0ms] true"),
        ({"exit_code": None, "exit_signal": 33}, "[signal 33, 5.0ms] true"),
        ({"exit_code": None, "lifetime_ns": None}, "[exit -, -] true"),
        ({"lifetime_ns": 90 * 10**9}, "[exit 0, 1m30s] true"),
        ({"exit_code": None, "exit_signal": 9, "death": make_death()},
         "[SIGKILL, 5.0ms] true  SIGKILL by systemd-oomd 812 (root)"),
    ],
)  # fmt: skip
def test_how_one_ended(values: Row, expected: str) -> None:
    assert single(**values) == expected


def test_of_many_who_starts_them_comes_first() -> None:
    ends = [
        end(100 + at, ppid=10, lifetime_ns=(at + 1) * MS, exit_code=at // 2)
        for at in range(3)
    ]
    said = fold_note(Life().at(1.0, ends))
    assert said == "3.0/s, 1 failed, by make 10"


def test_that_all_of_many_failed_is_said_in_words() -> None:
    ends = [end(100 + at, ppid=10, exit_code=2) for at in range(3)]
    assert fold_note(Life().at(1.0, ends)) == "3.0/s, all failed, by make 10"


@pytest.mark.parametrize(
    ("values", "is_failure"),
    [({}, False), ({"exit_code": 1}, True), ({"exit_code": None}, False),
     ({"exit_code": None, "exit_signal": 15}, True)],
)  # fmt: skip
def test_another_status_than_0_is_a_failure(values: Row, *, is_failure: bool) -> None:
    listed = with_exited(Life().at(1.0, [end(100, **values)]), 5.0, frozenset())
    assert note(listed, 0).is_failure is is_failure


def test_what_is_not_known_of_many_is_not_said() -> None:
    blank: dict[str, Any] = {"lifetime_ns": None, "exit_code": None, "ppid": 777}
    ends = [end(100 + at, **blank) for at in range(3)]
    assert fold_note(Life().at(1.0, ends)) == "3.0/s"


def test_a_spawner_has_its_ancestors() -> None:
    rows: list[Row] = [
        {"pid": 1, "ppid": 0, "comm": b"init"},
        {"pid": 5, "ppid": 1, "comm": b"sshd"},
        {"pid": 9, "ppid": 5, "comm": b"bash"},
    ]
    frame = spawners(Life(rows).at(1.0, [end(100, ppid=9)]))
    assert note(frame, 0).behind == "< sshd 5 < init 1"
    assert note(frame, 0, "←").behind == "← sshd 5 ← init 1"


def test_a_long_line_of_ancestors_and_a_ring_end() -> None:
    rows: list[Row] = [{"pid": pid, "ppid": pid - 1} for pid in range(1, 40)]
    frame = spawners(Life(rows).at(1.0, [end(100, ppid=39)]))
    assert note(frame, 0).behind.count("<") == 6
    rows = [{"pid": 2, "ppid": 3}, {"pid": 3, "ppid": 2}]
    frame = spawners(Life(rows).at(1.0, [end(100, ppid=3)]))
    assert note(frame, 0).behind.count("<") == 2


def test_names_in_notes_are_made_safe() -> None:
    rows: list[Row] = [
        {"pid": 1, "ppid": 0, "comm": HOSTILE},
        {"pid": 2, "ppid": 1, "comm": HOSTILE},
    ]
    frame = Life(rows).at(1.0, [end(100 + at, ppid=2) for at in range(3)])
    for said in (fold_note(frame), note(spawners(frame), 0).behind):
        assert r"\x1b[2J[/]\xff" in said
        assert said.isprintable()


def test_a_living_process_has_no_note() -> None:
    frame = Life().at(1.0, [end(100)])
    listed = with_exited(frame, 5.0, frozenset())
    assert [note(frame, row) for row in range(3)] == [NO_NOTE] * 3
    assert [note(listed, row) for row in range(1, 4)] == [NO_NOTE] * 3


def test_ancestors_end_at_one_that_is_not_listed() -> None:
    rows: list[Row] = [
        {"pid": 5, "ppid": 4, "comm": b"sshd"},
        {"pid": 9, "ppid": 5, "comm": b"bash"},
    ]
    assert (
        note(spawners(Life(rows).at(1.0, [end(100, ppid=9)])), 0).behind == "< sshd 5"
    )

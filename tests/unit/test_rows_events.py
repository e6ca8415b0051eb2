"""Forks, execs and exits as rows."""

from typing import Any

import pytest

from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query import parse
from montauk_tui.engine.rows import events as module
from montauk_tui.engine.rows.events import events
from montauk_tui.engine.rows.notes import note
from montauk_tui.model.frame import Frame
from tests.support.builders import BOOT_S, Row
from tests.support.listing import Life, end
from tests.support.starts import exec_, failed, fork

NOW_NS = int(BOOT_S * 1e9)
NEWEST_FIRST = View(COLUMNS["event_s"], descending=True)


def told(frame: Frame, view: View = NEWEST_FIRST) -> list[tuple[str, str]]:
    """Return events and pids as they are shown, top to bottom."""
    kind, pid = COLUMNS["event"].text, COLUMNS["pid"].text
    rows = project(frame, view).rows.tolist()
    return [(kind(frame, row), pid(frame, row)) for row in rows]


def run(pid: int, at_ns: int, **values: Any) -> tuple[list[Row], list[Row]]:
    """Return a life of 3 us: ends and starts."""
    ends = [end(pid, end_ns=NOW_NS + at_ns + 2_000, **values)]
    starts = [
        fork(pid, NOW_NS + at_ns, comm=b"bash"),
        exec_(pid, NOW_NS + at_ns + 1_000, comm=b"sh", cmdline=b"sh\0-c\0x\0"),
    ]
    return ends, starts


def test_the_newest_is_first_and_no_life_is_out_of_order() -> None:
    life = Life()
    for second in range(1, 4):
        ends, starts = run(100 + second, second * 10**9)
        frame = events(life.at(float(second), ends, starts))
    expected = [
        (name, str(pid)) for pid in (103, 102, 101) for name in ("exit", "exec", "fork")
    ]
    assert told(frame) == expected


def test_an_end_that_was_told_late_has_its_place_in_time() -> None:
    life = Life()
    ends, starts = run(101, 10**9)
    life.at(1.0, [], starts)
    later = run(102, 2 * 10**9)[1]
    frame = events(life.at(2.0, ends, later))
    assert [name for name, _ in told(frame)] == ["exec", "fork", "exit", "exec", "fork"]


def test_every_row_has_an_identity_of_its_own_that_stays() -> None:
    life = Life()
    starts = [fork(100 + at, NOW_NS + 7) for at in range(5)]  # all at once
    first = events(life.at(1.0, [end(1), end(2)], starts))
    second = events(life.at(2.0, [end(3)], [fork(200, NOW_NS + 10**9)]))
    pids = first.sample.processes.pid.tolist()
    assert len(set(pids)) == len(pids) == 7
    assert set(pids) <= set(second.sample.processes.pid.tolist())
    for row in range(7):
        identity = first.sample.processes.identity(row)
        again = second.sample.processes.row_of(identity)
        assert again is not None
        for name in ("pid", "event", "event_s"):
            text = COLUMNS[name].text
            assert text(first, row) == text(second, again)


def test_identities_stay_when_the_oldest_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST", 4)
    life = Life()
    first = events(life.at(1.0, [], [fork(at, NOW_NS + at * 9) for at in range(1, 5)]))
    second = events(life.at(2.0, [], [fork(5, NOW_NS + 10**9)]))
    assert [pid for _, pid in told(second)] == ["5", "4", "3", "2"]
    assert set(first.sample.processes.pid.tolist()[:3]) < set(
        second.sample.processes.pid.tolist()
    )


def test_as_many_as_are_shown_of_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 10)
    starts = [fork(100 + at, NOW_NS + at) for at in range(50)]
    ends = [end(100 + at, end_ns=NOW_NS + 10**9 + at) for at in range(50)]
    frame = events(Life().at(1.0, ends, starts))
    assert len(frame.sample.processes) == 20
    assert told(frame)[0] == ("exit", "149")
    assert told(frame)[-1] == ("fork", "140")


def test_arguments_are_those_of_the_exec_and_a_fork_has_its_parents_name() -> None:
    ends, starts = run(101, 10**9)
    frame = events(Life().at(1.0, ends, starts))
    by_event = {
        COLUMNS["event"].text(frame, row): COLUMNS["command"].text(frame, row)
        for row in range(3)
    }
    assert by_event == {"fork": "bash", "exec": "sh -c x", "exit": "sh"}


def test_a_failed_exec_shows_its_error_and_the_file_that_was_tried() -> None:
    argv = b"nothing\0-a\0"
    starts = [
        failed(101, NOW_NS, comm=b"bash", exe=b"/opt/nothing", cmdline=argv),
        failed(101, NOW_NS + 1, comm=b"bash", exe=b"", cmdline=argv, errno=8),
        failed(101, NOW_NS + 2, comm=b"bash", exe=b"/x", errno=9999),
    ]
    frame = events(Life().at(1.0, [], starts))
    written = [
        (COLUMNS["event"].text(frame, row), note(frame, row).around(
            COLUMNS["command"].text(frame, row)
        ))
        for row in range(3)
    ]  # fmt: skip
    assert written == [
        ("exec", "[error 9999] /x"),
        ("exec", "[ENOEXEC] nothing -a"),
        ("exec", "[ENOENT] /opt/nothing -a"),
    ]
    assert note(frame, 2, with_cause=False).front == "ENOENT"


@pytest.mark.parametrize(("length", "is_cut"), [(11, False), (12, False), (13, True)])
def test_arguments_of_a_failed_exec_are_cut_where_they_were(
    length: int, *, is_cut: bool
) -> None:
    one = failed(101, NOW_NS, exe=b"/opt/nothing", cmdline=b"nothing\0-ab",
                 cmdline_bytes=length)  # fmt: skip
    frame = events(Life().at(1.0, [], [one]))
    assert frame.lookups.cut_rows(frame.sample.processes).tolist() == [is_cut]


def test_filters_and_other_orders_apply() -> None:
    life = Life()
    ends, starts = run(101, 10**9, exit_code=3)
    frame = events(life.at(1.0, ends, starts))
    only = View(COLUMNS["event_s"], descending=True, query=parse("-c x"))
    assert told(frame, only) == [("exec", "101")]
    status = View(COLUMNS["exit_status"], descending=True)
    assert told(frame, status)[0] == ("exit", "101")


@pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))
def test_every_column_can_be_written(column: Column) -> None:
    ends, starts = run(101, 10**9)
    for frame in (events(Life().at(1.0, ends, starts)), events(Life().at(1.0))):
        for row in range(len(frame.sample.processes)):
            assert column.text(frame, row)


def test_without_events_there_are_no_rows() -> None:
    for nothing in ((), None):
        assert told(events(Life().at(1.0, nothing, nothing))) == []

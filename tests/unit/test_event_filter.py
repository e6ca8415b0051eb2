"""Which events of a sample a filter asks for."""

import errno

import numpy as np
import pytest

from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.interval.events import NAMES, events_of
from montauk_tui.engine.query import fields, parse
from montauk_tui.engine.query.event_filter import FIELDS, asked_for, check
from montauk_tui.errors import UsageError
from montauk_tui.model.sample import Sample
from tests.support.builders import FakeLookups, make_frame, make_sample
from tests.support.exits import make_exits
from tests.support.scenes import scene_frame
from tests.support.starts import exec_, failed, fork, make_starts


def sample() -> Sample:
    """Return a sample of two lives, in no order."""
    starts = [
        exec_(8, 30, ppid=1, comm=b"cat", cmdline=b"cat\0x\0"),
        fork(7, 10, ppid=1, comm=b"init"),
        exec_(7, 20, ppid=1, comm=b"sh", cmdline=b"sh\0-c\0y\0", uid=5),
    ]
    ends = [
        {"pid": 7, "end_ns": 50, "comm": b"sh", "exit_code": 2, "uid": 5},
        {"pid": 8, "end_ns": 40, "comm": b"cat", "lifetime_ns": 10, "ppid": 7},
    ]
    rows = [{"pid": 1, "ppid": 0, "comm": "init", "start_ticks": 1}]
    return make_sample(rows, starts=make_starts(starts), exits=make_exits(ends))


@pytest.mark.parametrize("text", ["parent.io > 1", "parent.majflt_rate > 0", "io > 0"])
def test_what_the_samples_of_events_do_not_hold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="an event has no"):
        check(parse(text))


def test_what_compares_two_samples_is_refused() -> None:
    second = scene_frame()
    alone = make_frame(None, second.sample)
    compared = [
        column.id
        for column in COLUMNS.values()
        if np.isfinite(column.key(second)).any() > np.isfinite(column.key(alone)).any()
    ]
    assert {"cpu_pct", "minflt_rate", "io_rate", "runq_pct"} < set(compared)
    for name in compared:
        assert COLUMNS[name].is_rate
        with pytest.raises(UsageError, match="an event has no"):
            check(parse(f"parent.{name} > 0"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["fork 7", "exec 7", "exec 8", "exit 8", "exit 7"]),
        ("sh", ["exec 7", "exit 7"]),
        ("event = exec", ["exec 7", "exec 8"]),
        ("exit != 0", ["exit 7"]),
        ("exit = 0 or pid = 7 and event = fork", ["fork 7", "exit 8"]),
        ("life < 1ms", ["exit 8"]),
        ("user = five", ["exec 7", "exit 7"]),
        ("ppid = 7", ["exit 8"]),
        ("parent.name = init and not event = exit", ["fork 7", "exec 7", "exec 8"]),
        ("parent.name = sh", ["exit 8"]),
        ("nothing", []),
    ],
)
def test_each_event_is_asked_for_by_what_it_has(text: str, expected: list[str]) -> None:
    made = sample()
    events = events_of(made)
    assert events is not None
    wanted = asked_for(parse(text), made, events, FakeLookups(users={5: "five"}))
    kept = events.only(wanted)
    told = [
        f"{NAMES[kind]} {(made.exits if kind == 3 else made.starts).pid[row]}"  # type: ignore[union-attr]
        for kind, row in zip(kept.kind.tolist(), kept.row.tolist(), strict=True)
    ]
    assert told == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event = exec", ["exec 7"]),
        ("event = exec_failed", ["exec_failed 7", "exec_failed 8"]),
        ("error = ENOENT", ["exec_failed 7"]),
        ("error = EACCES and name = cc", ["exec_failed 8"]),
        ("error != ENOENT", ["exec_failed 8"]),
        ("exit != 0 or event = exec_failed", ["exec_failed 7", "exec_failed 8"]),
        ("/opt/nothing", ["exec_failed 7"]),
        ("-a", ["exec_failed 7", "exec 7"]),
    ],
)
def test_a_failed_exec_is_asked_for_by_its_error_and_file(
    text: str, expected: list[str]
) -> None:
    argv = b"nothing\0-a"
    starts = [
        failed(7, 10, exe=b"/opt/nothing", cmdline=argv),
        exec_(7, 20, exe=b"/usr/bin/nothing", cmdline=argv),
        failed(8, 30, exe=b"/etc/motd", errno=errno.EACCES, comm=b"cc"),
    ]
    made = make_sample(starts=make_starts(starts), exits=make_exits([]))
    events = events_of(made)
    assert events is not None
    kept = events.only(asked_for(parse(text), made, events, FakeLookups()))
    assert made.starts is not None
    pids = made.starts.pid[kept.row].tolist()
    told = zip((NAMES[kind] for kind in kept.kind.tolist()), pids, strict=True)
    assert [f"{name} {pid}" for name, pid in told] == expected


@pytest.mark.parametrize(
    "text", ["cpu > 3", "a or not (nice > 1)", "parent.cpu > 1", "count > 1"]
)
def test_what_no_event_has_cannot_be_asked_for(text: str) -> None:
    with pytest.raises(UsageError, match="an event has no "):
        check(parse(text))


def test_what_events_have_can_be_asked_for() -> None:
    check(parse(""))
    check(parse("nginx and parent.nice > 0"))
    for field in FIELDS:
        assert field in fields.FIELDS

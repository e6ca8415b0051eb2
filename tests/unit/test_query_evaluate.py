"""Which rows queries ask for: living processes, ended ones, events, parents."""

import dataclasses
import time

import numpy as np
import pytest

from montauk_tui.engine.columns.column import Kind
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View
from montauk_tui.engine.query import matching, parse
from montauk_tui.engine.query.fields import FIELDS
from montauk_tui.engine.query.nodes import Comparison, Query
from montauk_tui.engine.query.values import operators
from montauk_tui.engine.rows.events import events
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.model.frame import Frame
from tests.support.builders import (
    BOOT_S,
    TIME_S,
    FakeLookups,
    Row,
    make_frame,
    make_sample,
)
from tests.support.deaths import SENDER, make_death
from tests.support.listing import MS, Life, end, real_pids
from tests.support.starts import exec_, fork

GIB = 1 << 30
NOW = int(BOOT_S * 100)

ROWS: tuple[Row, ...] = (
    {"pid": 1, "ppid": 0, "comm": "Init", "start_ticks": 1, "rss_bytes": None},
    {"pid": 10, "comm": "make", "uid": 7, "utime": 500, "stime": 100, "nice": 5},
    {"pid": 11, "ppid": 10, "comm": "cc1", "state": "R", "utime": 80, "threads": 4,
     "rss_bytes": 2 * GIB, "uid": 7, "start_ticks": NOW},
    {"pid": 12, "ppid": 10, "comm": "python3.11", "state": "t", "tty": 0x8803},
    {"pid": 20, "ppid": 11, "comm": "as", "state": "T", "majflt": 1500, "uid": None,
     "start_ticks": NOW + 50, "shared_bytes": 5 << 20, "processor": 3},
)  # fmt: skip
USERS = {0: "root", 7: "Builder"}


def frame_of(rows: tuple[Row, ...] = ROWS) -> Frame:
    """Return a frame one second long in which each process used 0.5 s more."""
    before = [
        {**row, "utime": row.get("utime", 100) - 50} for row in rows if row["pid"] < 20
    ]
    after = [{**row, "utime": row.get("utime", 100)} for row in rows]
    lookups = FakeLookups({11: b"/usr/lib/cc1\0-O2\0x.c\0"}, USERS)
    current = make_sample(after, after_s=1.0)
    return make_frame(make_sample(before), current, lookups)


def asked(text: str, frame: Frame | None = None) -> list[int]:
    frame = frame or frame_of()
    rows = np.flatnonzero(matching(parse(text), frame))
    found: list[int] = frame.sample.processes.pid[rows].tolist()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cpu = 50", [1, 10, 11, 12]),
        ("ncpu_pct = 25", [1, 10, 11, 12]),
        ("cpu > 50%", [20]),
        ("mem >= 1g", [11]),
        ("mem% > 12.4 and mem% < 12.6", [11]),
        ("virt = 64m", [1, 10, 11, 12, 20]),
        ("time >= 6s", [10]),
        ("utime = 5 and stime = 1s", [10]),
        ("age < 2s", [11, 20]),
        ("pid = 1", [1]),
        ("ppid != 10", [1, 10, 20]),
        ("uid = 7", [10, 11]),
        ("threads > 1", [11]),
        ("nice > 0", [10]),
        ("majflt > 1e3", [20]),
        ("processor = 3", [20]),
        ("user = builder", [10, 11]),
        ("user != builder", [1, 12]),
        ("state = R", [11]),
        ("state = T", [20]),
        ("state = t", [12]),
        ("state != s and state != r", [12, 20]),
        ("tty = pts/3", [12]),
        ("tty != pts/4", [12]),
        ('name ~ "^PYTHON3"', [12]),
        ("name = init", [1]),
        ("name !~ (i|a)", [11, 12]),
        ("command ~ o2", [11]),
        ("not o2", [1, 10, 12, 20]),
        ("o2 or pid = 1", [1, 11]),
        ("make|x.c and state = r", [11]),
        ("policy = other", [1, 10, 11, 12, 20]),
        ("exit != 0", []),
        ("exit = 0 or life > 0", []),
        ("cgroup = /group-12", [12]),
    ],
)
def test_each_process_is_asked_for_by_what_it_is(
    text: str, expected: list[int]
) -> None:
    assert asked(text) == expected


def test_what_is_unknown_matches_no_comparison_and_what_not_turns_round() -> None:
    assert asked("mem > 0") == [10, 11, 12, 20]
    assert asked("mem != 5") == [10, 11, 12, 20]
    assert asked("not mem != 5") == [1]
    assert asked("user !~ x") == [1, 10, 11, 12]


def test_a_time_of_day_is_that_of_today() -> None:
    started = time.localtime(TIME_S)
    clock = time.strftime("%H:%M:%S", started)
    if started.tm_hour == 0:
        pytest.skip("yesterday is near")
    frame = frame_of()
    assert asked(f"start >= {clock}", frame) == [11, 20]
    assert asked(f"start < {clock}", frame) == [1, 10, 12]


def test_the_parent_is_the_one_that_was_there_first() -> None:
    assert asked("parent.name = make") == [11, 12]
    assert asked("parent.pid = 1") == [10]
    assert asked("parent.parent.name = make") == [20]
    assert asked("parent.cpu > 10 and parent.user = builder") == [11, 12, 20]
    assert asked("parent.command ~ o2") == [20]
    assert asked("parent.name != make") == [10, 20]
    later = (*ROWS[:1], {**ROWS[1], "start_ticks": NOW + 99}, *ROWS[2:])
    assert asked("parent.name = make", frame_of(later)) == []
    assert asked("parent.name = x", make_frame(None, make_sample([]))) == []


def churn() -> Frame:
    """Return a frame of a shell that ended and of its child that did before it."""
    life = Life()
    ends = [
        end(101, ppid=10, comm=b"sh", exit_code=3, peak_rss_bytes=GIB, uid=7),
        end(102, ppid=101, comm=b"cc1", exit_code=None, exit_signal=9, core_dumped=1,
            cmdline=b"cc1\0-O3\0", lifetime_ns=MS, end_ns=10**14 + 90 * MS,
            death=make_death(sender=SENDER._replace(comm=b"kill"))),
    ]  # fmt: skip
    starts = [
        fork(101, 10**14, ppid=10, comm=b"make", start_ticks=10_000_101),
        exec_(101, 10**14 + MS, ppid=10, comm=b"sh", cmdline=b"sh\0-c\0y\0",
              start_ticks=10_000_101),
    ]  # fmt: skip
    return life.at(1.0, ends, starts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exit != 0", [101, 102]),
        ("exit = 3", [101]),
        ("exit = 137", [102]),
        ("exit = SIGKILL", [102]),
        ("exit != SIGKILL", [101]),
        ("signal > 0", [102]),
        ("killed = kill", [102]),
        ("killed = oom", []),
        ("killed != oom", [102]),
        ("killer = kill", [102]),
        ("killer ~ ill and exit = SIGKILL", [102]),
        ('killed_by ~ "by kill 812"', [102]),
        ("life < 2ms", [102]),
        ("maxrss >= 1g", [101]),
        ("time > 0", [101, 102]),
        ("cpu > 0", [101, 102]),
        ("uid = 7", [101]),
        ("user = root", [102]),
        ("pid = 102", [102]),
        ("ppid = 10", [101]),
        ("name = cc1", [102]),
        ("-o3", [102]),
        ("state = x", [101, 102]),
        ("parent.name = make", [101]),
        ("parent.name = sh", [102]),
        ("parent.exit = 3", [102]),
        ("parent.parent.name = make", [102]),
    ],
)
def test_ended_processes_have_fields_in_the_tabs_and_in_json(
    text: str, expected: list[int]
) -> None:
    frame = churn()
    for listed in (exited_only(frame), with_exited(frame, 5.0, frozenset())):
        found = set(np.flatnonzero(matching(parse(text), listed)).tolist())
        over = {
            pid
            for row, pid in enumerate(real_pids(listed))
            if row in found and pid > 100
        }
        assert sorted(over) == expected
    view = View(COLUMNS["pid"], descending=False, query=parse(text))
    _, ended = live_and_exited(beside_exited(frame), view, None)
    assert frame.sample.exits is not None
    assert frame.sample.exits.pid[ended].tolist() == expected


def test_events_have_what_happened_and_when() -> None:
    listed = events(churn())

    def kinds(text: str) -> list[str]:
        rows = np.flatnonzero(matching(parse(text), listed)).tolist()
        return sorted(COLUMNS["event"].text(listed, row) for row in rows)

    assert kinds("event = exec") == ["exec"]
    assert kinds("event != exit") == ["exec", "fork"]
    assert kinds("exit > 0") == ["exit", "exit"]
    assert kinds("parent.name = make") == ["exec", "exit", "fork"]
    assert kinds("at >= 00:00 or at < 00:00") == ["exec", "exit", "exit", "fork"]


@pytest.mark.parametrize("field", FIELDS.values(), ids=list(FIELDS))
def test_every_field_can_be_compared_on_every_list(field: object) -> None:
    frame = churn()
    known = FIELDS[getattr(field, "id")]  # noqa: B009 - the parameter is an object
    values = {Kind.CLOCK: "12:00", Kind.STATE: "R", Kind.TEXT: "x"}
    for listed in (frame, exited_only(frame), events(frame), frame_of()):
        for operator in operators(known):
            for parents in range(3):
                value = values.get(known.kind, 1.0)
                one = Query(Comparison(known.id, operator, value, parents))
                found = matching(one, listed)
                assert found.shape == listed.sample.processes.pid.shape


def test_texts_are_read_only_of_rows_that_numbers_leave() -> None:
    seen: list[int] = []

    class Watched(FakeLookups):
        def known_command(self, identity, comm):  # type: ignore[no-untyped-def]
            seen.append(identity.pid)
            return super().known_command(identity, comm)

    frame = dataclasses.replace(frame_of(), lookups=Watched())
    assert asked("nothing and threads > 1", frame) == []
    assert seen == [11]


def test_a_pattern_sees_the_start_of_a_long_command() -> None:
    lookups = FakeLookups({1: b"x" * 199 + b"yz"})
    frame = make_frame(None, make_sample([{"pid": 1}]), lookups)
    assert asked("command ~ ^.*x.*y", frame) == [1]
    assert asked("command ~ ^.*x.*.*z", frame) == []
    assert asked("command ~ z$", frame) == [1]
    assert asked("yz", frame) == [1]


# --- threads --------------------------------------------------------------------------

JAVA: list[Row] = [
    {"pid": 10, "comm": "java", "utime": 0},
    {"pid": 11, "tgid": 10, "comm": "GC", "uid": 0},
    {"pid": 12, "tgid": 10, "comm": "JIT"},
    {"pid": 20, "comm": "sshd"},
    {"pid": 21, "tgid": 20, "comm": "worker"},
    {"pid": 31, "tgid": 30, "comm": "lone"},
]
"""Threads beside their processes, and one whose process is not listed."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("java", [10, 11, 12]),
        ("myapp", [10, 11, 12]),
        ("GC", [11]),
        ("GC|sshd", [11, 20, 21]),
        ("name = java", [10, 11, 12]),
        ("name = GC", [11]),
        ("command ~ myapp", [10, 11, 12]),
        ("not java", [20, 21, 31]),
        ("name != java", [20, 21, 31]),
        ("name !~ ^j", [20, 21, 31]),
        ("not (java or sshd)", [31]),
        # As its process does: that is no GC.
        ("java and not GC", [10, 11, 12]),
        ("pid = 10", [10, 11, 12]),
        ("pid = 11", [11]),
        ("pid = 20 and sshd", [20, 21]),
        ("lone", [31]),
    ],
)
def test_a_thread_matches_where_its_process_does(
    text: str, expected: list[int]
) -> None:
    lookups = FakeLookups({10: b"/opt/java\0-jar\0myapp.jar"})
    frame = make_frame(None, make_sample(JAVA), lookups)
    found = np.flatnonzero(matching(parse(text), frame))
    assert frame.sample.processes.pid[found].tolist() == expected

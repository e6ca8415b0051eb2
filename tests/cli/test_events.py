"""`montauk events`: what is printed, and when it is refused."""

import json
import re
from typing import Any

import numpy as np
import pytest

from montauk_tui.model.deaths import Request, Task
from montauk_tui.model.sample import Counters
from montauk_tui.model.schema import Ints
from tests.cli.conftest import Command, Install, Result
from tests.support.builders import Row
from tests.support.deaths import make_death
from tests.support.starts import exec_, fork
from tests.support.stream import BOOT_NS, END, LIFE, Made, sample_of

TITLES = ["TIME", "EVENT", "PID", "PPID", "USER", "STATUS", "LIFE", "CPU", "COMMAND"]


def pids(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def lines(result: Result) -> list[list[str]]:
    assert result.code == 0
    return [line.split() for line in result.out.splitlines()]


def documents(result: Result) -> list[dict[str, Any]]:
    assert (result.code, result.err) == (0, "")
    return [json.loads(line) for line in result.out.splitlines()]


def test_a_life_as_aligned_text(here: Command, install: Install) -> None:
    counters = Counters(1, 1, 1)
    install(Made("kernel", sample_of(LIFE, [END], counters=counters, after_s=1e9)))
    result = here("events", "--duration", "0.1")
    assert lines(result)[0] == TITLES
    title, *rows = result.out.splitlines()
    assert [row.split()[1:] for row in rows] == [
        ["fork", "42", "2", "root", "-", "-", "-", "sh"],
        ["exec", "42", "2", "root", "-", "-", "-", "/bin/true", "a", "b"],
        ["exit", "42", "2", "root", "3", "5.0ms", "1.2ms", "/bin/true", "a", "b"],
    ]
    for row in rows:
        assert re.match(r"\d\d:\d\d:\d\d\.\d{3} ", row)
        command = row.index(" /bin/true" if "true" in row else " sh") + 1
        assert command == title.index("COMMAND")
        assert row[: title.index("PID") + 3].endswith("42")
    assert re.fullmatch(r"1 fork, 1 exec, 1 exit in \d+\.\d s, 0 lost\n", result.err)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ({"exit_code": 0}, "0"),
        ({"exit_code": 255}, "255"),
        ({"exit_code": None, "exit_signal": 9}, "SIGKILL"),
        ({"exit_code": None, "exit_signal": 11, "core_dumped": 1}, "SIGSEGV+core"),
        ({"exit_code": None, "core_dumped": None}, "-"),
    ],
)
def test_how_it_ended(
    here: Command, install: Install, end: dict[str, Any], status: str
) -> None:
    install(Made("kernel", sample_of([], [{**END, **end}], after_s=1e9)))
    assert lines(here("events", "--duration", "0.1"))[1][5] == status


KILLED = {
    **END, "exit_code": None, "exit_signal": 9,
    "death": make_death(request=Request(Task(7, 400, 1, b"make"), 10**9)),
}  # fmt: skip


def test_why_it_was_killed(here: Command, install: Install) -> None:
    one = sample_of([], [KILLED], after_s=1e9)
    install(Made("kernel", one))
    line = here("events", "--duration", "0.1").out.splitlines()[1]
    why = "SIGKILL by systemd-oomd 812 (root), 1.0s after SIGTERM from make 7"
    assert line.endswith(f"/bin/true a b  ({why})")
    install(Made("kernel", one))
    event, _ = documents(here("events", "--json", "--duration", "0.1"))
    started = event["killed_by"].pop("start_time")
    assert started == pytest.approx(one.booted_at_s + 5.0, abs=0.01)
    event["killed_by"]["sigterm_by"].pop("start_time")
    assert event["killed_by"] == {
        "how": "kill", "text": why, "pid": 812, "comm": "systemd-oomd",
        "cmdline": "/usr/lib/systemd/systemd-oomd", "uid": 0, "address": None,
        "syscall": None, "sigterm_before_s": 1.0, "oom": None,
        "sigterm_by": {"pid": 7, "comm": "make", "cmdline": None, "uid": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "count"),
    [("killed = kill", 1), ("killed = oom", 0), ("killer = kill", 0)],
)
def test_a_filter_on_the_cause(
    here: Command, install: Install, query: str, count: int
) -> None:
    install(Made("kernel", sample_of(LIFE, [KILLED], after_s=1e9)))
    found = lines(here("events", "--duration", "0.1", "--filter", query))
    assert len(found) == 1 + count


def test_what_is_not_known_is_a_dash_or_null(here: Command, install: Install) -> None:
    blank: Row = dict.fromkeys(
        ("ppid", "uid", "start_ticks", "end_ns", "lifetime_ns", "exit_code",
         "core_dumped", "utime_ns", "stime_ns", "cmdline_bytes")
    ) | {"pid": 9, "comm": b""}  # fmt: skip
    end = {**blank, "cmdline_bytes": 0}
    one = sample_of([], [end], after_s=1e9)
    install(Made("kernel", one))
    row = here("events", "--duration", "0.1").out.splitlines()[1]
    assert row.split() == ["-", "exit", "9", "-", "-", "-", "-", "-", "-"]
    install(Made("kernel", one))
    event, _ = documents(here("events", "--json", "--duration", "0.1"))
    known = {name for name, value in event.items() if value is not None}
    assert known == {"schema", "event", "pid", "rss_bytes", "threads"}


def test_a_life_as_json(here: Command, install: Install) -> None:
    install(Made("kernel", sample_of(LIFE, [END], after_s=1e9)))
    born, program, end, last = documents(here("events", "--json", "--duration=.1"))
    assert [one["event"] for one in (born, program, end)] == ["fork", "exec", "exit"]
    assert born.keys() == program.keys() == end.keys()
    assert born["comm"] == "sh"
    assert born["cmdline"] is None
    assert born["exit_code"] is None
    assert (program["cmdline"], program["cmdline_cut"]) == ("/bin/true a b", False)
    assert (end["exit_code"], end["exit_signal"], end["core_dumped"]) == (
        3,
        None,
        False,
    )
    assert (end["lifetime_s"], end["utime_s"], end["stime_s"]) == (
        0.005,
        0.001,
        0.00025,
    )
    assert born["time"] < program["time"] < end["time"]
    assert last.keys() == {"schema", "summary"}
    assert last["summary"].keys() == {
        "duration_s", "forks", "execs", "exits", "lost", "lost_exits",
        "lost_cpu_times", "lost_signals", "lost_failed_execs", "failed_execs",
        "pending", "shown",
    }  # fmt: skip
    assert last["summary"]["shown"] == 3


def test_an_end_that_is_counted_is_waited_for_and_nothing_later_is_told(
    here: Command, install: Install
) -> None:
    """A pid may be given away again: its first end is the one."""
    last = sample_of(LIFE, [], 1e9, counters=Counters(1, 1, 1), ending=pids(42))
    later = sample_of([fork(50, BOOT_NS)], [{"pid": 50, "end_ns": 1}], 1e9)
    again = {**END, "end_ns": BOOT_NS + 10**9, "exit_code": 9}
    told = sample_of([], [again, END], 1e9)
    install(Made("kernel", last, later, told))
    *events, summary = documents(here("events", "--json", "--duration", "0.1"))
    assert [(one["event"], one["exit_code"]) for one in events] == [
        ("fork", None), ("exec", None), ("exit", 3),
    ]  # fmt: skip
    assert summary["summary"]["pending"] == 0
    assert summary["summary"]["exits"] == 1


def test_an_end_that_never_completes_is_pending(
    here: Command, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("montauk_tui.export.events._PATIENCE_S", 0.0)
    one = sample_of(LIFE, [], 1e9, counters=Counters(1, 1, 1), ending=pids(42))
    install(Made("kernel", one))
    result = here("events", "--duration", "0.1")
    assert result.err.endswith(" lost, 1 pending\n")


def at(after_ns: int) -> int:
    return BOOT_NS + after_ns


def test_what_something_earlier_may_follow_is_held_back(
    here: Command, install: Install
) -> None:
    """An exit stands in its place in time, whenever its CPU time is known."""
    waiting = sample_of(
        [fork(42, at(0)), fork(43, at(3))], ending=pids(42), reported_until_ns=at(1)
    )
    told = sample_of(
        [fork(44, at(4)), fork(45, at(6))],
        [{"pid": 42, "end_ns": at(2)}],
        1e9,
        reported_until_ns=at(5),
    )
    install(Made("kernel", waiting, told))
    *events, last = documents(here("events", "--json", "--duration", "0.1"))
    found = [(one["event"], one["pid"]) for one in events]
    assert found == [
        ("fork", 42), ("exit", 42), ("fork", 43), ("fork", 44), ("fork", 45),
    ]  # fmt: skip
    assert last["summary"]["shown"] == len(events)


def test_an_end_that_takes_long_does_not_hold_all_others_back(
    here: Command, install: Install
) -> None:
    first = sample_of([fork(43, at(3))], ending=pids(42), reported_until_ns=at(1))
    second = sample_of([], boot_s=(at(3) / 1e9) + 1.5, reported_until_ns=at(1))
    third = sample_of([], [{"pid": 42, "end_ns": at(2)}], 1e9)
    install(Made("kernel", first, second, third))
    *events, _ = documents(here("events", "--json", "--duration", "0.1"))
    found = [(one["event"], one["pid"]) for one in events]
    assert found == [("fork", 43), ("exit", 42)]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("TRUE", ["exec", "exit"]),
        ("a b", ["exec", "exit"]),
        ("nothing|sh", ["fork"]),
        ("", ["fork", "exec", "exit"]),
        ("nothing", []),
    ],
)
def test_the_filter_finds_a_text_in_command_or_name(
    here: Command, install: Install, query: str, shown: list[str]
) -> None:
    counters = Counters(1, 1, 1)
    install(Made("kernel", sample_of(LIFE, [END], 1e9, counters=counters)))
    options = ["--json", "--duration", "0.1", "--filter", query]
    *events, last = documents(here("events", *options))
    assert [event["event"] for event in events] == shown
    summary = last["summary"]
    assert (summary["forks"], summary["exits"], summary["pending"]) == (1, 1, 0)
    assert summary["shown"] == len(shown)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("event = exit and exit != 0", ["exit"]),
        ("life < 2s", ["exit"]),
        ("not event = exit", ["fork", "exec"]),
    ],
)
def test_the_filter_compares_what_events_have(
    here: Command, install: Install, query: str, shown: list[str]
) -> None:
    install(Made("kernel", sample_of(LIFE, [END], 1e9)))
    options = ["--json", "--duration", "0.1", "--filter", query]
    *events, _ = documents(here("events", *options))
    assert [event["event"] for event in events] == shown


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("exit >", "montauk: --filter: column 7: a value is missing behind >; "),
        ("cpu > 10", "montauk: an event has no cpu_pct; it has pid, "),
    ],
)
def test_a_filter_that_no_event_could_pass_is_refused(
    here: Command, query: str, said: str
) -> None:
    result = here("events", "--filter", query)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(said)
    assert result.err.count("\n") == 1


HOSTILE = b"\x1b[31mred\n\r\t\x07\xff\xe2\x80\xae"


def test_hostile_names_stay_on_their_line(here: Command, install: Install) -> None:
    starts = [
        fork(1, 1, comm=HOSTILE),
        exec_(1, 2, comm=b"x", cmdline=HOSTILE + b"\0" + HOSTILE),
    ]
    end = {"pid": 1, "end_ns": 3, "comm": HOSTILE}
    one = sample_of(starts, [end], 1e9)
    install(Made("kernel", one))
    out = here("events", "--duration", "0.1").out
    assert len(out.splitlines()) == out.count("\n") == 4
    assert all(line.isprintable() for line in out.splitlines())
    assert r"\x1b[31mred\n\r\t\x07\xff\u202e" in out
    install(Made("kernel", one))
    result = here("events", "--json", "--duration", "0.1")
    assert result.out.isascii()
    assert "\x1b" not in result.out
    assert documents(result)[0]["comm"] == "\x1b[31mred\n\r\t\x07\\xff\u202e"


def test_arguments_that_are_cut_say_so(here: Command, install: Install) -> None:
    exec_row = exec_(1, 2, cmdline=b"x" * 359, cmdline_bytes=5000)
    one = sample_of([exec_row], [], 1e9)
    install(Made("kernel", one))
    assert here("events", "--duration", "0.1").out.endswith("xxx...\n")
    install(Made("kernel", one))
    assert documents(here("events", "--json", "--duration=.1"))[0]["cmdline_cut"]


@pytest.mark.parametrize(
    ("arguments", "hints"),
    [
        (["--duration", "0"], ["'0'", "0.1 to 3600"]),
        (["--duration", "x"], ["'x'", "500ms"]),
        (["--collector", "nonsense"], ["'nonsense'", "traditional"]),
        (["--collector", "a\nb\x1b[2J"], [r"a\nb\x1b[2J"]),
        (["--tree"], ["--tree", "montauk events --help"]),
        (["-n"], ["-n"]),
        (["nonsense"], ["nonsense"]),
        (["--filter"], ["--filter"]),
    ],
    ids=lambda value: " ".join(value).encode("unicode_escape").decode(),
)
def test_wrong_usage(here: Command, arguments: list[str], hints: list[str]) -> None:
    result = here("events", *arguments)
    assert result.code == 2
    for hint in hints:
        assert hint in result.complaint


def test_help(here: Command) -> None:
    code, out, err = here("events", "--help")
    assert (code, err) == (0, "")
    for word in ("--json", "--filter", "--duration", "--collector"):
        assert word in out

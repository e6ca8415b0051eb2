import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.export.jsonlines import frame_json
from montauk_tui.model.exits import EXIT_FIELDS
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Counters, Memory, Pressure
from montauk_tui.model.schema import FIELDS, UNKNOWN
from tests.support.builders import (
    BOOT_S,
    TIME_S,
    FakeLookups,
    cpu_ticks,
    make_frame,
    make_host,
    make_sample,
)
from tests.support.exits import make_exits
from tests.support.scenes import scene_frame

TOP = {
    "schema", "time", "interval_s", "collector", "host", "counters", "ledger",
    "processes",
}  # fmt: skip
LEDGER = {
    "busy_s", "live_s", "exited_s", "interrupts_s", "unexplained_s", "interval_s",
}  # fmt: skip
PROCESS = [
    "pid", "ppid", "tgid", "start_time", "start_boot_s", "alive", "state", "comm",
    "cmdline", "cmdline_cut", "exe", "uid", "user", "cpu_pct", "cpu_s", "children_pct",
    "utime_s", "stime_s", "rss_bytes", "peak_rss_bytes", "virt_bytes", "read_bytes",
    "write_bytes", "cgroup_id", "threads", "priority", "nice", "minflt", "majflt",
    "processor", "exit_code", "exit_signal", "core_dumped", "killed_by",
    "lifetime_s",
]  # fmt: skip
"""What scripts depend on; more may be added beside it."""


def document(frame: Frame, rows: list[int] | None = None) -> dict[str, Any]:
    chosen = range(len(frame.sample.processes)) if rows is None else rows
    line = frame_json(frame, np.array(list(chosen), dtype=np.int64))
    assert line.isascii()
    assert line.isprintable(), "one object, one line"
    found: dict[str, Any] = json.loads(line, parse_constant=pytest.fail)
    return found


def process(lookups: FakeLookups | None = None, **row: Any) -> dict[str, Any]:
    frame = make_frame(None, make_sample([{"pid": 9, **row}]), lookups)
    found: dict[str, Any] = document(frame)["processes"][0]
    return found


def test_the_keys_are_those_of_the_contract() -> None:
    found = document(scene_frame())
    assert set(found) == TOP
    assert found["schema"] == 1
    assert set(found["collector"]) == {
        "name",
        "detail",
        "lost",
        "lost_exits",
        "lost_cpu_times",
        "lost_signals",
        "lost_failed_execs",
    }
    assert set(found["counters"]) == {"forks", "execs", "exits", "read_failures"}
    assert set(found["ledger"]) == LEDGER
    assert {"cpus", "busy_pct"} <= set(found["host"])
    for entry in found["processes"]:
        assert list(entry) == PROCESS


def test_every_row_asked_for_in_the_order_asked_for() -> None:
    frame = make_frame(None, make_sample([{"pid": pid} for pid in (3, 5, 8)]))
    found = document(frame, [2, 0])
    assert [entry["pid"] for entry in found["processes"]] == [8, 3]


def test_what_is_unknown_is_null() -> None:
    entry = process(**{name: None for name in FIELDS if name != "pid"})
    known = {key for key, value in entry.items() if value is not None}
    assert known == {"pid", "alive", "comm"}


def test_what_the_machine_does_not_tell_is_null_with_its_reason() -> None:
    nothing = math.nan
    before = make_host([cpu_ticks()] * 2)
    host = make_host(
        [cpu_ticks(user=nothing, idle=nothing)] * 2,
        memory=Memory(*[nothing] * 9),  # type: ignore[arg-type]
        load=(nothing, 1.0, nothing),
        uptime_s=nothing,
        threads=UNKNOWN,
        running=UNKNOWN,
        pressure={"io": Pressure(nothing, 1.0)},
        unknown=("stat: cut",),
    )
    frame = make_frame(make_sample(host=before), make_sample(host=host, after_s=1.0))
    told = document(frame)
    found = told["host"]
    assert found["load"] == [None, 1.0, None]
    assert found["busy_pct_by_cpu"] == [None, None]
    assert found["pressure"] == {"io": {"some_pct": None, "full_pct": 1.0}}
    for name in ("uptime_s", "threads", "running", "busy_pct", "swap_free_bytes"):
        assert found[name] is None
    assert found["mem_available_bytes"] is None
    assert found["unknown"] == ["stat: cut"]
    ledger = told["ledger"]
    assert (ledger["busy_s"], ledger["unexplained_s"]) == (None, None)


def test_the_first_frame_has_no_interval() -> None:
    found = document(make_frame(None, make_sample([{"pid": 1}])))
    assert found["interval_s"] is None
    assert found["ledger"] is None
    assert found["host"]["busy_pct"] is None
    assert found["host"]["busy_pct_by_cpu"] == [None, None]
    assert found["processes"][0]["cpu_pct"] is None


def test_the_rates_of_a_second() -> None:
    before = make_sample([{"pid": 9}], host=make_host([cpu_ticks()] * 2))
    host = make_host([cpu_ticks(user=60, idle=40), cpu_ticks(irq=10, idle=90)])
    now = make_sample([{"pid": 9, "utime": 40, "stime": 15}], host=host, after_s=1.0)
    found = document(make_frame(before, now))
    assert found["interval_s"] == 1.0
    assert found["time"] == TIME_S + 1.0
    assert found["host"]["busy_pct"] == 35.0
    assert found["host"]["busy_pct_by_cpu"] == [60.0, 10.0]
    assert found["host"]["cpu_pct_by_kind"]["user"] == 30.0
    assert found["ledger"] == {
        "busy_s": 0.7,
        "live_s": 0.55,
        "exited_s": 0.0,
        "interrupts_s": 0.1,
        "unexplained_s": 0.05,
        "interval_s": 1.0,
    }
    entry = found["processes"][0]
    assert (entry["cpu_pct"], entry["utime_s"], entry["stime_s"]) == (55.0, 0.4, 0.15)


def test_the_ledger_adds_up() -> None:
    ledger = document(scene_frame())["ledger"]
    parts = [ledger[key] or 0.0 for key in LEDGER - {"busy_s", "interval_s"}]
    assert math.fsum(parts) == pytest.approx(ledger["busy_s"], abs=1e-5)


def test_counters_that_cannot_be_counted_are_null() -> None:
    counters = Counters(forks=5, execs=None, exits=0, lost=3, lost_cpu_times=2)
    found = document(make_frame(None, make_sample(counters=counters)))
    known = {"forks": 5, "execs": None, "exits": 0, "read_failures": None}
    assert found["counters"] == known
    assert found["collector"] == {
        "name": "replay",
        "detail": "by hand",
        "lost": 3,
        "lost_exits": 0,
        "lost_cpu_times": 2,
        "lost_signals": 0,
        "lost_failed_execs": 0,
    }


def test_a_process_in_units_of_seconds_and_bytes() -> None:
    entry = process(
        FakeLookups({9: b"/bin/x\0-a b\0"}, {7: "ann"}),
        uid=7, utime=1_234, stime=5, rss_bytes=4_096, threads=3, state="D", ppid=2,
        start_ticks=int((BOOT_S - 60) * 100), comm="x",
    )  # fmt: skip
    assert entry["start_time"] == TIME_S - 60
    assert entry["cmdline"] == "/bin/x -a b"
    assert (entry["uid"], entry["user"]) == (7, "ann")
    assert (entry["utime_s"], entry["stime_s"]) == (12.34, 0.05)
    assert (entry["rss_bytes"], entry["threads"]) == (4_096, 3)
    assert (entry["state"], entry["ppid"], entry["comm"]) == ("D", 2, "x")
    assert entry["alive"] is True
    assert entry["exit_code"] is entry["exit_signal"] is entry["lifetime_s"] is None


def test_a_command_line_that_cannot_be_read_is_null_and_an_empty_one_empty() -> None:
    assert process()["cmdline"] is None
    assert process(FakeLookups({9: b""}))["cmdline"] == ""


@given(st.binary(max_size=15), st.binary(max_size=40))
def test_any_name_makes_valid_json(comm: bytes, cmdline: bytes) -> None:
    entry = process(FakeLookups({9: cmdline}), comm=comm)
    name = comm.rstrip(b"\0").decode("utf-8", "backslashreplace")
    assert entry["comm"] == name


def test_names_are_not_made_fit_for_a_screen() -> None:
    """A script wants what the process calls itself, and JSON makes it harmless."""
    assert process(comm=b"a\x1b[2J\n")["comm"] == "a\x1b[2J\n"


def test_the_hostile_scene_frame() -> None:
    entries = {entry["pid"]: entry for entry in document(scene_frame())["processes"]}
    assert entries[5_001]["comm"] == "[/foo]"
    assert entries[5_003]["comm"].startswith("\x1b]52;")
    assert entries[5_005]["comm"] == "bad\\xff\\xfe\\xc3"


# --- processes that ended -------------------------------------------------------------


def ended(lookups: FakeLookups | None = None, **row: Any) -> dict[str, Any]:
    exits = make_exits([{"pid": 9, **row}])
    frame = make_frame(
        make_sample(), make_sample(after_s=1.0, exits=exits), lookups
    )  # fmt: skip
    line = frame_json(frame, np.empty(0, dtype=np.int64), np.array([0]))
    assert line.isascii()
    (found,) = json.loads(line, parse_constant=pytest.fail)["processes"]
    assert isinstance(found, dict)
    return found


def test_one_that_ended_in_units_of_seconds_and_bytes() -> None:
    entry = ended(
        FakeLookups(users={7: "ann"}), ppid=4, uid=7, comm=b"cc1", rss_bytes=4_096,
        cmdline=b"/bin/cc1\0-O2\0", utime_ns=1_234_567_890, stime_ns=5_000,
        lifetime_ns=2_500_000_000, start_ticks=int((BOOT_S + 0.5) * 100), exit_code=3,
        exit_signal=None, peak_rss_bytes=8_192, read_bytes=1, write_bytes=2,
        cgroup_id=77, threads=2,
    )  # fmt: skip
    assert list(entry) == PROCESS
    assert (entry["pid"], entry["tgid"], entry["ppid"]) == (9, 9, 4)
    assert (entry["alive"], entry["state"]) == (False, None)
    assert entry["start_time"] == TIME_S + 0.5
    assert (entry["comm"], entry["cmdline"]) == ("cc1", "/bin/cc1 -O2")
    assert entry["cmdline_cut"] is False
    assert (entry["uid"], entry["user"]) == (7, "ann")
    assert (entry["utime_s"], entry["stime_s"]) == (1.234568, 0.000005)
    assert entry["cpu_pct"] == pytest.approx(123.46)
    assert (entry["rss_bytes"], entry["peak_rss_bytes"]) == (4_096, 8_192)
    assert (entry["read_bytes"], entry["write_bytes"]) == (1, 2)
    assert (entry["cgroup_id"], entry["threads"]) == (77, 2)
    assert entry["lifetime_s"] == 2.5


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"exit_code": 0, "exit_signal": None}, (0, None, False)),
        ({"exit_code": 255, "exit_signal": None}, (255, None, False)),
        ({"exit_code": None, "exit_signal": 9}, (None, 9, False)),
        ({"exit_code": None, "exit_signal": 11, "core_dumped": 1}, (None, 11, True)),
    ],
)
def test_how_it_ended(row: dict[str, Any], told: tuple[Any, ...]) -> None:
    entry = ended(**row)
    assert (entry["exit_code"], entry["exit_signal"], entry["core_dumped"]) == told


def test_what_is_unknown_of_an_end_is_null() -> None:
    known = {"pid", "start_ticks", "core_dumped", "cmdline_bytes"}
    entry = ended(**{name: None for name in EXIT_FIELDS if name not in known})
    assert {key for key, value in entry.items() if value is not None} == {
        "pid", "tgid", "start_time", "start_boot_s", "alive", "comm", "core_dumped",
    }  # fmt: skip


def test_an_end_of_which_nobody_tells_name_or_start_has_null_there() -> None:
    entry = ended(comm=b"", start_ticks=None)
    assert entry["comm"] is None
    assert entry["start_time"] is None
    assert entry["start_boot_s"] is None


def test_living_and_ended_have_the_same_fields() -> None:
    exits = make_exits([{"pid": 3}])
    frame = make_frame(None, make_sample([{"pid": 8}], exits=exits))
    line = frame_json(frame, np.array([0]), np.array([0]))
    living, gone = json.loads(line)["processes"]
    assert list(living) == list(gone) == PROCESS
    assert (living["alive"], gone["alive"]) == (True, False)


def test_who_it_is_does_not_change_when_somebody_sets_the_clock() -> None:
    who = {"pid": 9, "start_ticks": 4_250}
    before = make_sample([who])
    set_on = {"time_s": TIME_S + 3_601.0, "booted_at_s": TIME_S + 3_600.0 - BOOT_S}
    after = make_sample([], after_s=1.0, exits=make_exits([who]), **set_on)
    (living,) = document(make_frame(None, before))["processes"]
    line = frame_json(make_frame(before, after), np.array([], dtype=int), np.array([0]))
    (gone,) = json.loads(line)["processes"]
    assert living["start_boot_s"] == gone["start_boot_s"] == 42.5
    assert living["start_time"] != gone["start_time"]


def test_cpu_time_of_the_interval_adds_up_where_percent_does_not() -> None:
    """A storm of short lives: each has less than half of a hundredth of a percent."""
    count, each_ns = 5_000, 20_300
    ends = [
        {"pid": pid, "start_ticks": int(BOOT_S * 100) + 1, "utime_ns": each_ns}
        for pid in range(10, 10 + count)
    ]
    frame = make_frame(make_sample(), make_sample(after_s=1.0, exits=make_exits(ends)))
    assert frame.ledger is not None
    line = frame_json(frame, np.array([], dtype=int), np.arange(count))
    entries = json.loads(line)["processes"]
    told_s = math.fsum(entry["cpu_s"] for entry in entries)
    assert told_s == pytest.approx(count * each_ns / 1e9, rel=1e-9)
    assert told_s == pytest.approx(frame.ledger.exited_s, rel=1e-6)
    assert sum(entry["cpu_pct"] for entry in entries) == 0.0


def test_cpu_time_of_the_interval_of_one_that_is_still_in_the_table() -> None:
    """A zombie and its end are one object, with the time of both."""
    who = {"pid": 9, "start_ticks": int(BOOT_S * 100) + 1}
    exits = make_exits([{**who, "utime_ns": 310_000_000}])
    rows = [{**who, "utime": 30, "state": "Z"}]
    frame = make_frame(make_sample(), make_sample(rows, after_s=1.0, exits=exits))
    line = frame_json(frame, np.array([], dtype=int), np.array([0]))
    (entry,) = json.loads(line)["processes"]
    assert entry["cpu_s"] == pytest.approx(0.31)
    assert frame.ledger is not None
    assert frame.ledger.exited_s == pytest.approx(0.31)


def test_arguments_of_an_end_that_are_not_all_there() -> None:
    """None at all is null: a process without arguments and one that was not read."""
    assert ended()["cmdline"] is None
    assert ended()["cmdline_cut"] is None
    entry = ended(cmdline=b"x" * 343, cmdline_bytes=5_000)
    assert (entry["cmdline"], entry["cmdline_cut"]) == ("x" * 343, True)
    whole = ended(cmdline=b"x" * 342, cmdline_bytes=343)
    assert whole["cmdline_cut"] is False


@given(st.binary(max_size=15), st.binary(max_size=40))
def test_any_name_of_an_end_makes_valid_json(comm: bytes, cmdline: bytes) -> None:
    entry = ended(comm=comm, cmdline=cmdline)
    name = comm.rstrip(b"\0").decode("utf-8", "backslashreplace")
    assert entry["comm"] == (name or None)


def test_the_living_come_before_the_ended() -> None:
    exits = make_exits([{"pid": 3}, {"pid": 4}])
    frame = make_frame(None, make_sample([{"pid": 8}], exits=exits))
    line = frame_json(frame, np.array([0]), np.array([1, 0]))
    found = json.loads(line)["processes"]
    assert [(entry["pid"], entry["alive"]) for entry in found] == [
        (8, True), (4, False), (3, False),
    ]  # fmt: skip

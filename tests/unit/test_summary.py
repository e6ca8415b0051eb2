"""What is said of the living, of those that ended, and of rows of many."""

import math
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.rows.events import events
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.engine.rows.groups import by_executable
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.engine.summary.items import Fact, Graph, Summary
from montauk_tui.engine.summary.live import moment_text
from montauk_tui.engine.summary.relatives import ancestors
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.deaths import Death, OutOfMemory, SentAs
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN
from tests.support.builders import Row
from tests.support.deaths import make_death
from tests.support.listing import MS, Life, end
from tests.support.starts import exec_, fork
from tests.support.summaries import FAMILY, INIT, entries, facts, told


def graphs(summary: Summary) -> dict[str, Graph]:
    items = [item for group in summary.groups for item in group]
    return {item.label: item for item in items if isinstance(item, Graph)}


def alive(pid: int, rows: tuple[Row, ...] = FAMILY, **options: bool) -> Summary:
    return told(Life(rows).at(1.0), pid, **options)


# --- the living -----------------------------------------------------------------------


def test_a_process_with_its_parents_and_all_below() -> None:
    summary = alive(30)
    assert (summary.name, summary.number, summary.said) == ("bash", "30", "sleeping")
    said = facts(summary)
    assert said["Parents"] == "sshd 20 < systemd 1"
    assert said["Children"] == "1"
    assert said["Subtree"] == "2 processes, 0.0 % CPU, 5.0M"
    assert said["Memory"] == "2.0M, 0.0 %"


def test_init_has_no_parents_and_a_leaf_no_children() -> None:
    assert facts(alive(1))["Parents"] == "none"
    assert facts(alive(31))["Children"] == "none"
    assert "Subtree" not in facts(alive(31))


def test_a_thread_belongs_to_its_process_and_has_no_children() -> None:
    summary = alive(32)
    assert summary.said == "sleeping, thread of 31"
    said = facts(summary)
    assert said["Parents"] == "make 31 < bash 30 < sshd 20 < systemd 1"
    assert not {"Children", "Threads"} & said.keys()


@pytest.mark.parametrize(
    ("values", "said", "level"),
    [
        ({"state": "R"}, "running", Level.NOTICE),
        ({"state": "Z"}, "zombie: exited, not reaped yet", Level.HOT),
        ({"state": "I", "flags": PF_KTHREAD}, "idle, kernel thread", Level.FAINT),
        ({"state": UNKNOWN}, "-", Level.FAINT),
    ],
)
def test_the_state_in_words(values: dict[str, Any], said: str, level: Level) -> None:
    summary = alive(2, (INIT, {"pid": 2, "start_ticks": 2, **values}))
    assert (summary.said, summary.level) == (said, level)


def test_what_is_unknown_is_a_dash_and_no_zero() -> None:
    names = ("utime", "stime", "rss_bytes", "nice", "threads", "uid", "virt_bytes")
    said = facts(alive(2, (INIT, {"pid": 2, **dict.fromkeys(names, UNKNOWN)})))
    for label in ("CPU%", "CPU time", "Memory", "Nice", "Threads", "User"):
        assert said[label] == "-", label
    assert said["Virtual"] == "-, shared -"


def test_a_policy_that_is_not_the_usual_one_is_named() -> None:
    row = {"pid": 2, "nice": -5, "policy": 1, "rt_priority": 50}
    assert facts(alive(2, (INIT, row)))["Nice"] == "-5, policy FIFO 50"


def test_the_line_of_two_that_are_each_others_parent_ends() -> None:
    rows = ({"pid": 5, "ppid": 6, "comm": b"a"}, {"pid": 6, "ppid": 5, "comm": b"b"})
    assert facts(alive(5, rows))["Parents"] == "b 6"


def test_history_comes_with_the_first_look_and_the_scale_follows_the_peak() -> None:
    life = Life(FAMILY)
    for at, ticks in enumerate((0, 4, 34, 184, 190), 1):
        rows = [{**row, "utime": ticks * (row["pid"] == 30)} for row in FAMILY]
        frame = life.at(float(at), rows=rows)
        if at == 2:
            low = graphs(told(frame, 30))["CPU%"]
    graph = graphs(told(frame, 30))["CPU%"]
    assert graph.points[-4:].tolist() == [4, 30, 150, 6]
    assert (graph.text, graph.note, graph.top) == ("6.0", "peak 150.0", "200")
    assert (len(graph.points), *graph[6:8]) == (60, "60 s ago", "now")
    assert (low.note, low.top) == ("peak 4.0", "10")
    assert graphs(told(frame, 30, machine_scale=True))["CPU%"].text == "3.0"


def test_memory_is_drawn_on_a_power_of_two() -> None:
    assert graphs(alive(31))["Memory"].full == 4 << 20
    assert graphs(alive(20))["Memory"].full == 1 << 20
    assert graphs(alive(31))["Memory"].top == "4M"


# --- parents that ended ---------------------------------------------------------------


def test_a_parent_that_ended_is_named_while_it_is_remembered() -> None:
    life = Life(FAMILY)
    life.at(1.0)
    orphan = {**FAMILY[3], "ppid": 1}
    frame = life.at(2.0, [end(30, b"bash", start_ticks=3, ppid=20)],
                    rows=[*FAMILY[:2], orphan])  # fmt: skip
    assert facts(told(frame, 31))["Parents"] == "bash 30 (exited) < sshd 20 < systemd 1"
    listed = with_exited_parents(frame, with_exited(frame, 0.0, frozenset()), 0.0)
    exited_parent = told(listed, 30)
    assert exited_parent.said == "exited with 0"
    assert facts(exited_parent)["Children"] == "1 lives on"
    assert entries(exited_parent, "Children") == ["0.0 31 make"]


def test_of_a_child_of_the_dead_the_way_up_leads_through_them() -> None:
    ends = [end(41, b"sh", ppid=31), end(42, b"cc", ppid=41)]
    frame = exited_only(Life(FAMILY).at(1.0, ends))
    expected = "sh 41 (exited) < make 31 < bash 30 < sshd 20 < systemd 1"
    assert facts(told(frame, 42))["Parents"] == expected


# --- what ended -----------------------------------------------------------------------


def test_one_that_ended() -> None:
    row = end(
        40, b"cc", ppid=31, exit_code=1, cmdline=b"cc\0-c\0a.c", lifetime_ns=250 * MS,
        utime_ns=150 * MS, stime_ns=50 * MS, peak_rss_bytes=9 << 20, read_bytes=4096,
        write_bytes=0, end_ns=100_000 * 10**9,
    )  # fmt: skip
    summary = told(exited_only(Life(FAMILY).at(1.0, [row])), 40)
    assert (summary.name, summary.said, summary.level) == (
        "cc", "exited with 1", Level.WARM,
    )  # fmt: skip
    assert summary.command is not None
    assert summary.command.text == "cc -c a.c"
    said = facts(summary)
    assert said["Exited"].endswith(", 1 s ago")
    assert said["Lived"] == "250ms"
    assert said["CPU used"] == "200ms, 75 % user"
    assert said["Memory"] == "at most 9.0M"
    assert said["Storage"] == "read 4.0K, written 0"
    assert not graphs(summary)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"exit_code": None, "exit_signal": 11, "core_dumped": 1},
            "killed by SIGSEGV+core",
        ),
        ({"exit_code": 0}, "exited with 0"),
    ],
)
def test_how_it_ended(values: dict[str, Any], said: str) -> None:
    summary = told(exited_only(Life(FAMILY).at(1.0, [end(40, **values)])), 40)
    assert summary.said == said


def test_one_that_ended_without_anybody_telling_how() -> None:
    values: dict[str, Any] = dict.fromkeys(
        ("exit_code", "utime_ns", "stime_ns", "lifetime_ns", "end_ns", "uid", "ppid")
    )
    summary = told(exited_only(Life(FAMILY).at(1.0, [end(40, **values)])), 40)
    assert summary.said == "exited; status not known"
    said = facts(summary)
    for label in ("Lived", "CPU used", "User", "Parents"):
        assert said[label] == "-", label
    assert not {"Exited", "Storage"} & said.keys()


def test_what_was_seen_before_it_ended_keeps_its_history() -> None:
    life = Life(FAMILY)
    life.at(1.0)
    ends = [end(31, b"make", start_ticks=4, ppid=30)]
    frame = exited_only(life.at(2.0, ends, rows=FAMILY[:3]))
    points = graphs(told(frame, 31))["Memory"].points
    assert points[-3:-1].tolist() == [3 << 20] * 2
    assert math.isnan(points[-1])


def test_many_are_told_together() -> None:
    ends = [end(40 + at, ppid=31, exit_code=int(at == 3)) for at in range(4)]
    frame = Life(FAMILY).at(1.0, ends)
    listed = with_exited(frame, 5.0, frozenset())
    assert listed.sample.processes.pid[0] < 0
    summary = summarize(listed, 0, machine_scale=False)
    assert summary.number == "4 processes"
    assert summary.said == "exited in the last 1 s, 1 failed"
    said = facts(summary)
    assert said["Parents"].startswith("make 31 < bash 30")
    assert said["Rate"] == "4.0/s"
    assert said["Lived"] == "5.0ms, from 5.0ms to 5.0ms"


# --- other tabs -----------------------------------------------------------------------


def test_an_event_tells_of_its_process_alive_or_not() -> None:
    starts = [fork(31, 5, start_ticks=4, comm=b"bash"), fork(70, 6, start_ticks=9)]
    starts.append(exec_(40, 7, start_ticks=10_000_040, comm=b"cc"))
    frame = events(Life(FAMILY).at(1.0, [end(40, b"cc", exit_code=2)], starts))
    assert told(frame, 31).name == "make"
    assert told(frame, 40).said == "exited with 2"
    gone = told(frame, 70)
    assert gone.said == "exited; exit status no longer known"
    assert gone.number == "70"


def test_one_that_exited_while_the_sample_was_taken_is_not_running() -> None:
    row = end(31, start_ticks=4, exit_code=7)
    listed = exited_only(Life(FAMILY).at(1.0, [row]))
    assert told(listed, 31).said == "exited with 7"


def test_a_spawner_tells_what_it_starts() -> None:
    ends = [end(40 + at, b"cc", ppid=31, exit_code=at) for at in range(2)]
    frame = Life(FAMILY).at(1.0, ends)
    summary = told(spawners(frame), 31)
    assert summary.name == "make"
    assert facts(summary)["Exits"] == "2.0/s"
    failures = [
        item for group in summary.groups for item in group if item.label == "Failures"
    ]
    assert failures == [Fact("Failures", "1.0/s", Level.WARM)]
    grouped = by_executable(frame)
    assert summarize(grouped, 0, machine_scale=False).said.startswith("2 exited")


@pytest.mark.parametrize(
    ("rates", "text"),
    [
        ({"read_bytes": 0, "write_bytes": 0}, "read 0, written 0"),
        ({"read_bytes": 2048, "write_bytes": 1024}, "read 2.0K/s, written 1.0K/s"),
    ],
)
def test_storage_is_told_where_it_is_known(rates: dict[str, int], text: str) -> None:
    row = {"pid": 30, "ppid": 20}
    life = Life([{**row, "read_bytes": 0, "write_bytes": 0}])
    now = life.at(1.0, rows=[{**row, **rates}])
    assert facts(told(now, 30))["Storage"] == text


def test_what_nobody_knows_of_a_living_process_is_left_out() -> None:
    unknown = {"start_ticks": UNKNOWN, "cgroup_id": UNKNOWN}
    said = facts(alive(30, ({"pid": 30, "ppid": 20, **unknown},)))
    assert said["Started"] == "-"
    assert "Cgroup" not in said
    assert moment_text(math.nan, 0.0) == "-"


def test_a_long_line_of_parents_ends() -> None:
    rows: list[Row] = [{"pid": pid, "ppid": pid - 1} for pid in range(1, 60)]
    frame = Life(rows).at(1.0)
    assert len(ancestors(frame, 0, 59)) == 24


def test_a_parent_that_exited_lately_is_named_from_its_exit() -> None:
    life = Life([INIT, {"pid": 30, "ppid": 50, "comm": b"bash"}])
    life.at(1.0, [end(7, b"other")])
    life.at(2.0, [end(50, b"login", ppid=1, start_ticks=900)])
    frame = life.at(3.0, [end(8, b"last")])
    assert facts(told(frame, 30))["Parents"].startswith("login 50")
    assert ancestors(frame, 0, 51) == []


def test_of_a_group_without_lifetimes_they_are_unknown() -> None:
    ends = [end(100 + at, lifetime_ns=None) for at in range(3)]
    listed = with_exited(Life().at(1.0, ends), 5.0, frozenset())
    assert facts(summarize(listed, 0, machine_scale=False))["Lived"] == "-"


def test_cpu_use_before_the_exit_stays_and_there_is_none_now() -> None:
    life = Life(FAMILY)
    for second in range(1, 5):
        life.at(second)
    ends = [end(31, b"make", start_ticks=4, ppid=30)]
    listed = exited_only(life.at(5.0, ends, rows=FAMILY[:3]))
    graph = graphs(told(listed, 31))["CPU%"]
    assert graph.text == ""
    assert np.isfinite(graph.points).sum() >= 3


OOM = OutOfMemory(b"api", 512 << 20, 500 << 20, 498 << 20, 0)


@pytest.mark.parametrize(
    ("death", "why", "by"),
    [
        (
            make_death(),
            "SIGKILL by systemd-oomd 812 (root)",
            "/usr/lib/systemd/systemd-oomd",
        ),
        (
            make_death(sent_as=SentAs.BY_KERNEL, out_of_memory=OOM),
            "out of memory: cgroup limit 512M of api, had 498M",
            None,
        ),
        (None, "- (replay does not see who sends signals)", None),
    ],
)
def test_why_it_was_killed(death: Death | None, why: str, by: str | None) -> None:
    more = {} if death is None else {"death": death}
    row: Row = {"exit_code": None, "exit_signal": 9, **more}
    found = told(exited_only(Life(FAMILY).at(1.0, [end(100, **row)])), 100)
    assert found.said == "killed by SIGKILL"
    assert facts(found).get("Cause") == why
    assert facts(found).get("Killer") == by

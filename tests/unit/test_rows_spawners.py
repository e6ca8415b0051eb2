"""Who is behind the processes that come and go."""

import math

import numpy as np
import pytest

from montauk_tui.engine.columns.cells import command_text
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.rows.groups import by_cgroup, by_executable
from montauk_tui.engine.rows.kinds import extra_value
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Counters
from tests.support.builders import BOOT_S, USER_HZ, make_sample
from tests.support.listing import LIVING, MS, Life, end
from tests.support.starts import exec_, fork


def at_ns(second: float) -> int:
    return int((BOOT_S + second) * 1e9)


def value(frame: Frame, pid: int, name: str) -> float:
    return extra_value(frame, name, frame.sample.processes.pid.tolist().index(pid))


def pids(frame: Frame) -> list[int]:
    found: list[int] = frame.sample.processes.pid.tolist()
    return found


def churn(life: Life, second: int, count: int = 2) -> Frame:
    """Return a frame in which make started, ran and lost that many in a second."""
    first = second * 100
    moment = at_ns(second - 0.5)
    started = [fork(first + at, moment + at, ppid=10) for at in range(count)]
    started += [exec_(first + at, moment + at, ppid=10) for at in range(count)]
    ends = [end(first + at, ppid=10, exit_code=at % 2) for at in range(count)]
    return life.at(float(second), ends, started)


def test_rates_are_those_of_the_last_seconds() -> None:
    life = Life()
    for second in range(1, 11):
        frame = spawners(churn(life, second, 2 if second <= 5 else 4))
    assert pids(frame) == [10]
    for name, rate in (
        ("forks_rate", 4.0), ("execs_rate", 4.0), ("ends_rate", 4.0),
        ("failures_rate", 2.0), ("short_pct", 4 * 0.5),
    ):  # fmt: skip
        assert value(frame, 10, name) == pytest.approx(rate), name


def test_rates_are_right_before_the_window_is_full() -> None:
    frame = spawners(churn(Life(), 1, 6))
    assert value(frame, 10, "forks_rate") == pytest.approx(6.0)


def test_who_started_nothing_for_a_while_is_gone() -> None:
    life = Life()
    churn(life, 1)
    seen = [pids(spawners(life.at(float(second)))) for second in range(2, 9)]
    assert seen[0] == [10]
    assert seen[-1] == []


def test_dead_parents_count_for_ancestors_that_live() -> None:
    moment = at_ns(0.5)
    ends = [end(200, b"sh", ppid=10), end(201, b"cc1", ppid=200, utime_ns=100 * MS)]
    started = [
        fork(one["pid"], moment, ppid=one["ppid"], start_ticks=one["start_ticks"])
        for one in ends
    ]
    frame = spawners(Life().at(1.0, ends, started))
    assert pids(frame) == [10]
    assert value(frame, 10, "forks_rate") == 2.0
    assert value(frame, 10, "short_pct") == pytest.approx(10.5)


def test_a_parent_of_whom_nothing_is_known_counts_for_nobody() -> None:
    frame = Life().at(1.0, [end(200, ppid=777)], [fork(200, at_ns(0.5), ppid=777)])
    assert pids(spawners(frame)) == []


def test_where_only_parents_are_credited_that_tells() -> None:
    life = Life()
    life.last = make_sample(LIVING)
    rows = [{**row, "cutime": 30 if row["pid"] == 10 else 0} for row in LIVING]
    frame = spawners(life.at(1.0, None, None, rows=rows, counters=Counters()))
    assert pids(frame) == [10]
    assert value(frame, 10, "short_pct") == pytest.approx(30.0)
    for name in ("forks_rate", "execs_rate", "ends_rate", "failures_rate"):
        assert math.isnan(value(frame, 10, name))
        assert COLUMNS[name].text(frame, 0) == "-"
    assert COLUMNS["children_pct"].text(frame, 0) == "30.0"


def test_cpu_time_that_nobody_tells_is_unknown() -> None:
    life = Life([{**row, "cutime": None} for row in LIVING])
    frame = spawners(life.at(1.0, [end(200, ppid=10, utime_ns=None)]))
    assert math.isnan(value(frame, 10, "short_pct"))
    assert value(frame, 10, "ends_rate") == 1.0


def test_without_processes_there_are_no_spawners() -> None:
    frame = Life().at(1.0, [end(200)], [fork(200, at_ns(0.5))], rows=[])
    assert pids(spawners(frame)) == []
    assert pids(spawners(Life().at(1.0))) == []


def test_the_cpu_use_of_the_spawner_itself_is_kept() -> None:
    rows = [{**row, "utime": 50 if row["pid"] == 10 else 0} for row in LIVING]
    frame = spawners(Life().at(1.0, [end(200, ppid=10)], rows=rows))
    assert frame.rates.cpu_pct.tolist() == [50.0]


def test_who_came_and_went_since_the_last_frame_is_no_spawner() -> None:
    life = Life()
    passing = {
        "pid": 20, "ppid": 10, "state": "X",
        "start_ticks": int((BOOT_S + 0.5) * USER_HZ),
    }  # fmt: skip
    started = [fork(20, at_ns(0.5), ppid=10), fork(21, at_ns(0.6), ppid=20)]
    frame = life.at(1.0, [], started, rows=[*LIVING, passing])
    assert pids(spawners(frame)) == [10]


def test_without_events_no_program_and_no_cgroup_has_a_row() -> None:
    frame = Life().at(1.0, None, None)
    for grouped in (by_executable(frame), by_cgroup(frame)):
        assert not len(grouped.sample.processes)


def test_exits_of_an_unknown_cgroup_are_a_row_of_their_own() -> None:
    ends = [end(100, cgroup_id=None), end(101, cgroup_id=7), end(102, cgroup_id=7)]
    listed = by_cgroup(Life().at(1.0, ends))
    said = [command_text(listed, row) for row in range(2)]
    assert sorted(said) == ["(cgroup not known)", "/group-7"]
    assert np.isnan(listed.extra["execs_rate"]).all()

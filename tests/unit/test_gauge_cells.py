"""Cells, orders and queries of gauges and labels: who is read, and who has none."""

import math
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.folds import Folds
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query import matching, parse
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from tests.support.builders import FakeLookups, Row, make_frame, make_sample
from tests.support.listing import Life, end

GIB = 1 << 30
VALUES: dict[int, dict[str, float | str]] = {
    1: {"oom": 0.0, "exe": "/sbin/init", "cgroup": "/init.scope"},
    5: {"oom": 900.0, "pss_bytes": 2.0 * GIB, "cgroup": "/system.slice/ssh.service",
        "throttled": 3.0, "periods": 12.0, "wchan": "do_wait", "exe": "/bin/b"},
    6: {"oom": 7.0, "pss_bytes": 5.0, "throttled": 0.0, "periods": 0.0,
        "cgroup": "/docker/3f2a1b0c9d8e", "wchan": "futex_wait", "exe": "/bin/A"},
    7: {"wchan": "pipe_read", "oom": 666.0},
}  # fmt: skip
ROWS: tuple[Row, ...] = (
    {"pid": 1, "ppid": 0, "cgroup_id": None},
    {"pid": 5, "cgroup_id": None},
    {"pid": 6, "ppid": 5, "cgroup_id": None},
    {"pid": 7, "tgid": 6, "cgroup_id": None},  # a thread of 6
    {"pid": 8, "state": "X", "cgroup_id": 42},
)
DEAR = [name for name in COLUMNS if COLUMNS[name].cost]
GAUGES = [name for name in DEAR if not COLUMNS[name].show_need]


def frame_of(*, cold: bool = False, rows: tuple[Row, ...] = ROWS) -> Frame:
    lookups = FakeLookups(values={**VALUES, 8: VALUES[5]}, cold=cold)
    return make_frame(None, make_sample(rows), lookups)


def lookups_of(frame: Frame) -> FakeLookups:
    assert isinstance(frame.lookups, FakeLookups)
    return frame.lookups


def cells(name: str, frame: Frame | None = None) -> list[str]:
    frame = frame or frame_of()
    return [COLUMNS[name].text(frame, row) for row in range(len(ROWS))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("oom", ["0", "900", "7", "7", "-"]),
        ("pss_bytes", ["-", "2.0G", "5B", "5B", "-"]),
        ("wchan", ["-", "do_wait", "futex_wait", "pipe_read", "-"]),
        ("exe", ["/sbin/init", "/bin/b", "/bin/A", "/bin/A", "-"]),
        ("throttled_pct", ["-", "25.0", "0.0", "0.0", "-"]),
        ("cgroup", ["/init.scope", "/system.slice/ssh.service",
                    "/docker/3f2a1b0c9d8e", "/docker/3f2a1b0c9d8e", "/group-42"]),
        ("unit", ["init.scope", "ssh.service", "-", "-", "-"]),
        ("container", ["-", "-", "docker:3f2a1b0c9d8e", "docker:3f2a1b0c9d8e", "-"]),
    ],
)  # fmt: skip
def test_a_thread_has_what_its_process_has_and_the_dead_nothing(
    name: str, expected: list[str]
) -> None:
    assert cells(name) == expected


@pytest.mark.parametrize("name", GAUGES)
def test_drawing_reads_one_row_and_sorting_none(name: str) -> None:
    frame = frame_of(cold=True)
    COLUMNS[name].key(frame)
    assert lookups_of(frame).values_read == set()
    if name != "shared_bytes":
        COLUMNS[name].text(frame, 1)
        COLUMNS[name].level(frame, 1)
        assert {pid for _, pid in lookups_of(frame).values_read} == {5}


@pytest.mark.parametrize("name", DEAR)
def test_a_column_that_costs_has_a_need(name: str) -> None:
    assert COLUMNS[name].need
    assert COLUMNS[name].need is not Need.AT_ONCE


def test_orders_have_the_unknown_last() -> None:
    frame = frame_of()
    assert np.isnan(COLUMNS["pss_bytes"].key(frame)).tolist() == [
        True, False, False, False, True,
    ]  # fmt: skip
    exe = COLUMNS["exe"].key(frame)
    assert exe[2] == exe[3] < exe[1] < exe[0]
    assert math.isnan(exe[4])
    assert COLUMNS["throttled_pct"].key(frame)[1:4].tolist() == [25.0, 0.0, 0.0]


def test_a_sample_that_tells_the_cgroup_spares_the_file() -> None:
    rows = tuple({**row, "cgroup_id": 42} for row in ROWS)
    frame = frame_of(rows=rows)
    assert cells("cgroup", frame) == ["/group-42"] * len(ROWS)
    assert lookups_of(frame).values_read == set()


@pytest.mark.parametrize("root", ["/", "cgroup 1"])
def test_at_the_root_the_file_may_tell_more(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = frame_of(rows=tuple({**row, "cgroup_id": 1} for row in ROWS))
    monkeypatch.setattr(frame.lookups, "cgroup", lambda _number: root)
    assert cells("unit", frame)[1] == "ssh.service"
    assert cells("cgroup", frame)[4] == root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pss > 1g", [5]),
        ("pss < 1k", [6, 7]),
        ("oom > 500", [5]),
        ("oom = 0", [1]),
        ("unit = SSH.service", [5]),
        ("unit != ssh.service", [1]),
        ("not unit = ssh.service", [1, 6, 7, 8]),
        ("container ~ ^docker:", [6, 7]),
        ("cgroup ~ slice", [5]),
        ("cgroup = /group-42", [8]),
        ("exe = /bin/a", [6, 7]),
        ("wchan ~ wait", [5, 6, 7]),
        ("thr% >= 25", [5]),
        ("parent.oom > 500", [6, 7]),
    ],
)
def test_queries(text: str, expected: list[int]) -> None:
    frame, query = frame_of(), parse(text)
    found = frame.sample.processes.pid[matching(query, frame)].tolist()
    assert found == expected
    assert query.needs
    assert lookups_of(frame).values_read == set()


def test_what_was_not_read_matches_nothing() -> None:
    frame = frame_of(cold=True)
    for text in ("oom >= 0", "exe ~ .", "unit != x", "pss < 1p"):
        assert not matching(parse(text), frame)[:4].any()


def test_rows_that_ended_and_rows_of_many_have_none() -> None:
    ends = [end(pid, b"cc1", ppid=10, cgroup_id=42) for pid in range(100, 106)]
    frame = Life().at(1.0, ends)
    # Whatever were known of such a pid.
    values = {-1: VALUES[5], 10: VALUES[5]}
    frame = replace(frame, lookups=FakeLookups(values=values))
    for listed in (with_exited(frame, 5.0, frozenset()), exited_only(frame)):
        negative = np.flatnonzero(listed.sample.processes.pid < 0)
        assert negative.size
        for name in GAUGES:
            texts = {COLUMNS[name].text(listed, row) for row in negative.tolist()}
            known = {"-", "/group-42"} if name == "cgroup" else {"-"}
            assert texts <= known, name
            assert np.isnan(COLUMNS[name].key(listed)[negative]).all() or (
                name == "cgroup"
            )
    assert {COLUMNS["cgroup"].text(exited_only(frame), row) for row in range(6)} == {
        "/group-42"
    }
    spawning = spawners(frame)
    assert spawning.sample.processes.pid.tolist() == [10]
    assert COLUMNS["oom"].text(spawning, 0) == "900"


def test_a_folded_branch_shows_its_root() -> None:
    view = View(
        COLUMNS["oom"], descending=True, tree=True, folds=Folds(everything=True)
    )
    frame = frame_of()
    projection = project(frame, view)
    drawn = projection.frame_of(frame)
    shown = {
        int(drawn.sample.processes.pid[row]): COLUMNS["oom"].text(drawn, row)
        for row in projection.rows.tolist()
    }
    assert shown[5] == "900"
    assert 6 not in shown


def test_what_throttling_means() -> None:
    frame, column = frame_of(), COLUMNS["throttled_pct"]
    assert column.level(frame, 1) is Level.HOT
    assert column.level(frame, 2) is Level.FAINT
    assert column.level(frame, 4) is Level.FAINT

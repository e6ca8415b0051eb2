"""Processes that ended beside the living, and folded."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.rows.exited import (
    are_exited_rows,
    are_new_rows,
    exited_only,
    with_exited,
)
from montauk_tui.engine.rows.kinds import extra_value, kind_of
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import MOST_KEPT
from montauk_tui.model.kinds import RowKey, RowKind
from montauk_tui.model.schema import NO_START, UNKNOWN
from tests.support.builders import Row, make_frame, make_sample
from tests.support.listing import LIVING, MS, Life, end, real_pids


def main(frame: Frame, linger_s: float = 5.0, *opened: int) -> Frame:
    rows = (RowKey(RowKind.EXITED_GROUP, fold, NO_START) for fold in opened)
    return with_exited(frame, linger_s, frozenset(rows))


def folds(frame: Frame) -> list[int]:
    pids = frame.sample.processes.pid.tolist()
    many = RowKind.EXITED_GROUP
    return [pid for row, pid in enumerate(pids) if kind_of(frame, row) is many]


def row_of(frame: Frame, pid: int) -> int:
    return int(frame.sample.processes.pid.searchsorted(pid))


def value(frame: Frame, pid: int, name: str) -> float:
    return extra_value(frame, name, row_of(frame, pid))


def sh(count: int, **values: Any) -> list[Any]:
    return [end(100 + at, **values) for at in range(count)]


# --- which rows -----------------------------------------------------------------------


def test_what_ended_stands_before_the_living_by_pid_and_has_a_negative_one() -> None:
    frame = main(Life().at(1.0, [end(100), end(101)]))
    pids = frame.sample.processes.pid.tolist()
    assert real_pids(frame) == [101, 100, 1, 10, 11]
    assert pids[:2] == [-2, -1]
    exited = are_exited_rows(frame, np.arange(5)).tolist()
    assert exited == [True] * 2 + [False] * 3


def waiting(life: Life, pid: int, started_s: float, **values: Any) -> Row:
    """Return a row of the living that ended, its CPU time not complete."""
    assert life.last is not None
    start_ticks = int((life.last.boot_s + started_s) * life.last.user_hz)
    return {"pid": pid, "comm": b"awk", "state": "X", "start_ticks": start_ticks,
            **values}  # fmt: skip


@pytest.mark.parametrize("linger_s", [0.0, 5.0])
@pytest.mark.parametrize("ends", [[], [end(100)]], ids=["no end", "an end"])
def test_who_came_and_went_since_the_last_frame_waits_for_its_end(
    linger_s: float, ends: list[Row]
) -> None:
    life = Life()
    held_back = [waiting(life, 20, 0.5), waiting(life, 21, -0.5)]
    frame = life.at(1.0, ends, rows=[*LIVING, *held_back])
    listed = main(frame, linger_s)
    # 21 was listed while it lived.
    shown = [100] if linger_s and ends else []
    assert real_pids(listed) == [*shown, 1, 10, 11, 21]
    assert len(listed.rates.cpu_pct) == len(listed.sample.processes)
    assert len(frame.sample.processes) == 5


def test_where_ends_are_not_seen_a_row_of_state_x_is_all_there_is() -> None:
    life = Life()
    rows = [*LIVING, waiting(life, 20, 0.5)]
    assert real_pids(main(life.at(1.0, None, rows=rows))) == [1, 10, 11, 20]


def test_two_stay_apart_and_three_are_one_row() -> None:
    life = Life()
    assert folds(main(life.at(1.0, sh(2)))) == []
    frame = main(life.at(2.0, [end(102)]))
    assert len(folds(frame)) == 1
    assert real_pids(frame) == [0, 1, 10, 11]
    assert not are_exited_rows(frame, np.arange(1)).any()


def test_other_names_and_other_parents_are_other_rows() -> None:
    ends = [*sh(3), *(end(200 + at, b"awk") for at in range(3))]
    ends += [end(300 + at, ppid=10) for at in range(3)]
    frame = main(Life().at(1.0, ends))
    assert len(folds(frame)) == 3
    rows = [row_of(frame, pid) for pid in folds(frame)]
    table = frame.sample.processes
    found = {(bytes(table.comm[row]), int(table.ppid[row])) for row in rows}
    assert found == {(b"sh", 1), (b"awk", 1), (b"sh", 10)}


def test_they_fold_by_the_nearest_ancestor_that_lives() -> None:
    ends = []
    for at in range(3):
        step = 200 + 10 * at
        # make, sh, sh, cc1: only make lives.
        ends += [end(step, b"sh", ppid=10), end(step + 1, b"dash", ppid=step)]
        ends += [end(step + 2, b"cc1", ppid=step + 1)]
    frame = main(Life().at(1.0, ends))
    assert len(folds(frame)) == 3
    ppid = frame.sample.processes.ppid
    assert {int(ppid[row_of(frame, pid)]) for pid in folds(frame)} == {10}


def test_parents_of_whom_nothing_is_known_and_rings_end_nowhere() -> None:
    ends = [end(100 + at, ppid=9_999) for at in range(3)]
    ends += [end(200, b"a", ppid=201), end(201, b"a", ppid=200), end(202, b"a")]
    frame = main(Life().at(1.0, ends))
    assert real_pids(frame).count(0) == 1
    assert int(frame.sample.processes.ppid[row_of(frame, folds(frame)[0])]) == 0


def test_a_dead_parent_whose_pid_came_back_is_the_one_that_died_last() -> None:
    life = Life()
    life.at(1.0, [end(50, b"old", ppid=11)])
    ends = [end(50, b"new", ppid=10, start_ticks=10_000_700)]
    since = 10_000_800
    ends += [end(200 + at, ppid=50, start_ticks=since + at) for at in range(3)]
    frame = main(life.at(2.0, ends))
    (fold,) = folds(frame)
    assert int(frame.sample.processes.ppid[row_of(frame, fold)]) == 10


def test_a_zombie_is_listed_once() -> None:
    zombie = {"pid": 30, "state": "Z", "start_ticks": 500}
    life = Life([*LIVING, zombie])
    ended = end(30, start_ticks=500)
    assert real_pids(main(life.at(1.0, [ended]))) == [1, 10, 11, 30]
    assert real_pids(main(life.at(2.0, rows=LIVING))) == [30, 1, 10, 11]


def test_a_living_process_with_the_pid_of_one_that_ended_is_another() -> None:
    life = Life([*LIVING, {"pid": 30, "start_ticks": 10_000_500}])
    frame = main(life.at(1.0, [end(30, start_ticks=500)]))
    assert real_pids(frame) == [30, 1, 10, 11, 30]
    identities = {frame.sample.processes.identity(row) for row in range(5)}
    assert len(identities) == 5


def test_one_pid_that_ended_twice_is_two_rows() -> None:
    life = Life()
    life.at(1.0, [end(30, start_ticks=500)])
    frame = main(life.at(2.0, [end(30, start_ticks=700)]))
    assert real_pids(frame) == [30, 30, 1, 10, 11]


# --- for how long ---------------------------------------------------------------------


def test_they_go_when_they_have_lingered() -> None:
    life = Life()
    frame = life.at(1.0, [end(100)])
    for second in range(2, 8):
        assert (100 in real_pids(main(frame, 5.0))) == (second <= 6)
        frame = life.at(float(second))
    frame = Life().at(1.0, [end(100)])
    assert main(frame, 0.0) is frame


@pytest.mark.parametrize("jitter_s", [-0.01, 0.0, 0.01])
def test_the_window_is_what_the_samples_in_it_cover(jitter_s: float) -> None:
    life = Life()
    for second in range(1, 9):
        moment = second + (jitter_s if second == 3 else 0.0)
        frame = life.at(moment, sh(4, start_ticks=10_000_000 + second * 100))
    shown = main(frame)
    (fold,) = folds(shown)
    assert value(shown, fold, "count") == 20
    assert value(shown, fold, "window_s") == pytest.approx(5.0, abs=0.02)
    # Four of 5 ms in a second.
    assert shown.rates.cpu_pct[row_of(shown, fold)] == pytest.approx(2.0, abs=0.02)


def test_a_linger_time_shorter_than_the_interval_shows_the_last_sample() -> None:
    life = Life()
    life.at(5.0, [end(100)])
    frame = life.at(10.0, [end(101)])
    assert real_pids(main(frame, 0.1)) == [101, 1, 10, 11]


# --- the same row from frame to frame -------------------------------------------------


def test_rows_keep_their_identity_from_frame_to_frame() -> None:
    life = Life()
    first = main(life.at(1.0, [*sh(3), end(200, b"ls")]))
    second = main(life.at(2.0, [*sh(2), end(201, b"ls")]))
    assert folds(first) == folds(second)
    kept = first.sample.processes.identity(row_of(first, folds(first)[0]))
    assert second.sample.processes.row_of(kept) is not None
    single = first.sample.processes.identity(real_pids(first).index(200))
    row = second.sample.processes.row_of(single)
    assert row is not None
    assert real_pids(second)[row] == 200


# --- what a row of many says ----------------------------------------------------------


def test_sums_and_the_shortest_median_and_longest_life() -> None:
    lives = [4 * MS, 1 * MS, 9 * MS, 2 * MS, 3 * MS]
    ends = [
        end(100 + at, lifetime_ns=life, utime_ns=20 * MS, stime_ns=10 * MS,
            exit_code=at % 2)
        for at, life in enumerate(lives)
    ]  # fmt: skip
    ends.append(end(300, b"other", lifetime_ns=99 * MS))
    frame = main(Life().at(1.0, ends))
    (fold,) = folds(frame)
    row = row_of(frame, fold)
    table = frame.sample.processes
    assert value(frame, fold, "count") == 5
    assert value(frame, fold, "failed") == 2
    assert value(frame, fold, "shortest_s") == pytest.approx(0.001)
    assert value(frame, fold, "lifetime_s") == pytest.approx(0.003)
    assert value(frame, fold, "longest_s") == pytest.approx(0.009)
    assert (table.utime[row], table.stime[row]) == (10, 5)  # 1/100 s
    assert frame.rates.cpu_pct[row] == pytest.approx(15.0)
    assert chr(table.state[row]) == "X"
    assert COLUMNS["pid"].text(frame, row) == "5x"
    assert math.isnan(value(frame, fold, "real_pid"))


def test_what_is_unknown_of_all_is_unknown_of_the_fold() -> None:
    blank = dict.fromkeys(("utime_ns", "stime_ns", "lifetime_ns", "exit_code"))
    frame = main(Life().at(1.0, sh(3, **blank)))
    (fold,) = folds(frame)
    row = row_of(frame, fold)
    assert frame.sample.processes.utime[row] == UNKNOWN
    assert math.isnan(frame.rates.cpu_pct[row])
    assert math.isnan(value(frame, fold, "lifetime_s"))
    for name in ("cpu_pct", "cpu_time", "lifetime_s", "exit_status", "start"):
        assert COLUMNS[name].text(frame, row) == "-", name


def test_what_is_unknown_of_some_does_not_count() -> None:
    ends = [*sh(3), end(103, utime_ns=None, lifetime_ns=None)]
    frame = main(Life().at(1.0, ends))
    (fold,) = folds(frame)
    assert frame.rates.cpu_pct[row_of(frame, fold)] == pytest.approx(1.5)
    assert value(frame, fold, "longest_s") == pytest.approx(0.005)


def test_the_owner_of_a_fold_is_that_of_all_or_unknown() -> None:
    life = Life()
    frame = main(life.at(1.0, sh(3, uid=7)))
    assert int(frame.sample.processes.uid[row_of(frame, folds(frame)[0])]) == 7
    frame = main(life.at(2.0, [end(103, uid=8)]))
    assert int(frame.sample.processes.uid[row_of(frame, folds(frame)[0])]) == UNKNOWN


def test_names_that_are_not_known_are_a_dash_and_come_last() -> None:
    """Without root netlink does not know who ended so soon."""
    ends = [*sh(3, comm=b"", uid=None), end(200, b"", uid=None, ppid=10)]
    for listed in (main(Life().at(1.0, ends)), exited_only(Life().at(1.0, ends))):
        table = listed.sample.processes
        unknown = np.flatnonzero(table.comm == b"")
        assert len(unknown) >= 2
        for name in ("comm", "command", "user"):
            said = {COLUMNS[name].text(listed, row) for row in unknown.tolist()}
            assert said == {"-"}, name
            assert np.isnan(COLUMNS[name].key(listed)[unknown]).all(), name


def test_what_a_row_of_many_has_of_its_processes() -> None:
    """How all ended, when the last did and the largest memory of any."""
    ends = [
        end(100 + at, exit_code=3, peak_rss_bytes=(at + 1) << 20, end_ns=at * 10**9)
        for at in range(3)
    ]
    frame = main(Life().at(1.0, ends))
    (fold,) = folds(frame)
    assert value(frame, fold, "exit_status") == 3 << 8
    assert value(frame, fold, "peak_rss_bytes") == 3 << 20
    booted_at_s = frame.sample.booted_at_s
    assert value(frame, fold, "ended_s") == pytest.approx(booted_at_s + 2)
    frame = main(Life().at(1.0, [*ends, end(103, exit_code=1)]))
    assert math.isnan(value(frame, folds(frame)[0], "exit_status"))


def test_the_process_of_what_ended_is_its_own() -> None:
    frame = main(Life().at(1.0, [*sh(3), end(200, b"ls")]))
    said = [COLUMNS["tgid"].text(frame, row) for row in range(5)]
    assert said == ["-", "200", "1", "10", "11"]


# --- opened ---------------------------------------------------------------------------


def test_an_opened_fold_stays_and_shows_each_of_its_processes() -> None:
    life = Life()
    closed = main(life.at(1.0, [*sh(3), *(end(200 + at, b"awk") for at in range(3))]))
    fold = min(folds(closed))
    frame = life.at(2.0, [])
    opened = main(frame, 5.0, fold)
    assert set(folds(opened)) == set(folds(closed))
    assert len(opened.sample.processes) == len(closed.sample.processes) + 3
    assert main(frame, 5.0, -(1 << 50)).sample.processes.pid.tolist() == (
        closed.sample.processes.pid.tolist()
    )


# --- bounds ---------------------------------------------------------------------------


def test_as_many_as_are_kept_are_a_few_rows_or_all_of_them() -> None:
    count = MOST_KEPT // 8
    life = Life()
    for second in range(1, 11):
        ends = [
            end(at, b"%d" % (at % 4), end_ns=10**14 + second * 10**9 + at)
            for at in range(100, 100 + count)
        ]
        frame = life.at(second * 0.1, ends)
    assert len(main(frame).sample.processes) == 4 + 3
    everything = exited_only(frame)
    assert len(everything.sample.processes) == MOST_KEPT
    view = View(COLUMNS["ended_s"], descending=True)
    assert len(project(everything, view).rows) == MOST_KEPT
    opened = main(frame, 5.0, *folds(main(frame)))
    assert len(opened.sample.processes) == MOST_KEPT + 4 + 3


def test_the_exited_list_is_empty_where_nothing_ended() -> None:
    for ends in ((), None):
        frame = exited_only(Life().at(1.0, ends))
        assert len(frame.sample.processes) == 0
        assert len(project(frame, View(COLUMNS["ended_s"], descending=True)).rows) == 0


def test_the_exited_list_has_the_last_first() -> None:
    life = Life()
    life.at(1.0, [end(100), end(101)])
    frame = exited_only(life.at(2.0, [end(99, end_ns=10**15)]))
    assert real_pids(frame) == [99, 101, 100]


@pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))
def test_every_column_can_be_written_and_sorted_by(column: Any) -> None:
    frame = Life().at(1.0, [*sh(3), end(200, b"ls", exit_code=None, exit_signal=11)])
    for listed in (main(frame), exited_only(frame)):
        key = column.key(listed)
        assert key.shape == (len(listed.sample.processes),)
        assert not np.isinf(key).any()
        for row in range(len(key)):
            assert column.text(listed, row)
            column.level(listed, row)


def test_the_frame_they_were_made_from_is_kept() -> None:
    frame = Life().at(1.0, sh(1))
    assert main(frame).whole is frame
    assert replace(frame) is not frame
    assert exited_only(frame).whole is frame


def test_new_processes_are_marked_but_not_their_events() -> None:
    sample = make_sample([{"pid": 5, "start_ticks": 100}, {"pid": 6, "start_ticks": 9}])
    sample = replace(sample, boot_s=2.0, user_hz=100)
    frame, rows = make_frame(None, sample), np.arange(2)
    assert are_new_rows(frame, rows, 1.5).tolist() == [True, False]
    events = replace(frame, extra={"event": np.zeros(2)})
    assert not are_new_rows(events, rows, 1.5).any()

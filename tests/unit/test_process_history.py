"""What is remembered of every process, for its graphs."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.details import ProcessHistory
from montauk_tui.engine.history import process_history as package
from montauk_tui.engine.history.process_history import (
    MOST_INTERVALS,
    bytes_of,
    with_interval,
)
from montauk_tui.model.orphans import codes
from montauk_tui.model.process_history import Interval, SeriesReader, series_of
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN
from tests.support.builders import Row, make_frame, make_sample, make_table
from tests.support.listing import Life


def traced(*tables: list[Row]) -> tuple[Interval, ...]:
    """Return the traces of tables; the memory of each row is told, CPU use is 7 %."""
    intervals: tuple[Interval, ...] = ()
    for rows in tables:
        table = make_table(rows)
        rates = make_frame(None, make_sample(rows)).rates
        intervals = with_interval(
            intervals, table, replace(rates, cpu_pct=np.full(len(table), 7.0))
        )
    return intervals


def rss(
    intervals: tuple[Interval, ...], pid: int, start_ticks: int
) -> list[float | None]:
    series = series_of(intervals, Identity(pid, start_ticks))
    known = [
        None if math.isnan(value) else value for value in series.rss_bytes.tolist()
    ]
    cpu = [None if value is None else 7.0 for value in known]
    assert [None if math.isnan(v) else v for v in series.cpu_pct.tolist()] == cpu
    return known


def row(pid: int, rss_bytes: int, start_ticks: int = 50) -> Row:
    return {"pid": pid, "rss_bytes": rss_bytes, "start_ticks": start_ticks}


def test_a_gap_where_a_process_was_not_there_and_another_with_its_pid_is_another() -> (
    None
):
    intervals = traced(
        [row(3, 10), row(9, 1)], [row(9, 2)], [row(3, 30), row(9, 3)],
        [row(3, 99, start_ticks=77)], [],
    )  # fmt: skip
    assert rss(intervals, 3, 50) == [10, None, 30, None, None]
    assert rss(intervals, 3, 77) == [None, None, None, 99, None]
    assert rss(intervals, 9, 50) == [1, 2, 3, None, None]
    assert rss(intervals, 8, 50) == [None] * 5


def test_an_unknown_value_is_a_gap_and_no_zero() -> None:
    (interval,) = traced([row(3, UNKNOWN), row(4, 0)])
    assert math.isnan(interval.rss_bytes[0])
    assert interval.rss_bytes[1] == 0


def test_the_same_processes_share_what_says_who_they_are() -> None:
    rows = [row(3, 10), row(9, 1)]
    first, second, third = traced(rows, rows, rows[:1])
    assert first.code is second.code
    assert second.code is not third.code
    assert bytes_of([first, second]) == 2 * (8 + 2 * 4 + 2 * 4)


def test_no_more_than_so_many_intervals_and_so_many_bytes_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = [[row(3, at), row(9, at)] for at in range(MOST_INTERVALS + 5)]
    assert rss(traced(*tables), 3, 50) == list(range(5, MOST_INTERVALS + 5))
    monkeypatch.setattr(package, "MOST_BYTES", 16 + 3 * 16)
    assert rss(traced(*tables), 3, 50)[0] == MOST_INTERVALS + 2
    monkeypatch.setattr(package, "MOST_BYTES", 0)
    assert len(traced(*tables)) == 1


def test_the_closer_look_starts_with_what_is_remembered() -> None:
    life = Life([row(1, 5)])
    history = ProcessHistory(Identity(3, 50))
    frame = life.at(1.0)
    for at in (2.0, 3.0, 4.0):
        frame = life.at(at, rows=[row(1, 5), row(3, int(at))])
    assert history.take_frame(replace(frame, seq=4))
    assert list(history.rss_bytes) == [2, 3, 4]
    assert [math.isnan(rate) for rate in history.read_rate] == [True] * 3
    later = replace(life.at(5.0, rows=[row(3, 9)]), seq=5)
    assert history.take_frame(later)
    assert history.take_frame(later)
    assert list(history.rss_bytes) == [2, 3, 4, 9]
    assert len(history.cpu_pct) == 4


def test_a_series_that_is_read_again_and_again_is_as_if_read_at_once() -> None:
    chance = random.Random(7)  # noqa: S311 - the same every time
    reader = SeriesReader()
    intervals: tuple[Interval, ...] = ()
    for turn in range(60):
        for _ in range(chance.choice((0, 1, 1, 1, 3))):
            pids = sorted(chance.sample(range(5, 12), chance.randint(0, 5)))
            code = codes(np.array(pids, np.int64), np.full(len(pids), 50))
            values = np.array([chance.random() for _ in pids], np.float32)
            intervals = (*intervals, Interval(code, values, values * 2))[-20:]
        who = Identity(chance.choice((9, 9, 9, 8)), 50)
        read, whole = reader.read(intervals, who), series_of(intervals, who)
        for one, other in zip(read, whole, strict=True):
            np.testing.assert_array_equal(one, other, str(turn))

"""Forks, execs and exits of a sample in one order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.events import EXIT, NAMES, Events, events_of
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.starts import EXEC, EXEC_FAILED, FORK
from tests.support.builders import Row, make_sample
from tests.support.exits import make_exits
from tests.support.starts import exec_, failed, fork, make_starts


def sample_of(starts: list[Row], ends: list[Row]) -> Sample:
    return make_sample(exits=make_exits(ends), starts=make_starts(starts))


def told(sample: Sample) -> list[tuple[str, int]]:
    events = found(sample)
    assert sample.starts is not None
    assert sample.exits is not None
    return [
        (NAMES[kind], int((sample.exits if kind == EXIT else sample.starts).pid[row]))
        for kind, row in zip(events.kind.tolist(), events.row.tolist(), strict=True)
    ]


def found(sample: Sample) -> Events:
    events = events_of(sample)
    assert events is not None
    return events


def test_a_life_is_told_in_its_order() -> None:
    starts = [exec_(7, 20), fork(7, 10), fork(8, 15), exec_(7, 25)]
    sample = sample_of(starts, [{"pid": 7, "end_ns": 30}])
    assert told(sample) == [
        ("fork", 7), ("fork", 8), ("exec", 7), ("exec", 7), ("exit", 7),
    ]  # fmt: skip


def test_at_one_moment_a_fork_comes_before_an_exec_and_that_before_an_exit() -> None:
    sample = sample_of([exec_(7, 10), fork(7, 10)], [{"pid": 7, "end_ns": 10}])
    assert found(sample).kind.tolist() == [FORK, EXEC, EXIT]


def test_a_search_for_a_program_is_told_in_its_order() -> None:
    starts = [exec_(7, 30), failed(7, 20), failed(7, 10), fork(7, 5)]
    sample = sample_of(starts, [{"pid": 7, "end_ns": 40}])
    assert told(sample) == [
        ("fork", 7), ("exec_failed", 7), ("exec_failed", 7), ("exec", 7), ("exit", 7),
    ]  # fmt: skip


def test_an_end_of_an_unknown_moment_comes_last_and_stays_unknown() -> None:
    ends: list[Row] = [{"pid": 7, "end_ns": None}, {"pid": 8, "end_ns": 5}]
    sample = sample_of([fork(7, 10)], ends)
    assert told(sample) == [("exit", 8), ("fork", 7), ("exit", 7)]
    assert found(sample).time_ns.tolist() == [5, 10, UNKNOWN]


def test_nothing_happened() -> None:
    assert told(sample_of([], [])) == []


@pytest.mark.parametrize("gone", ["starts", "exits"])
def test_a_collector_that_does_not_see_them_tells_none(gone: str) -> None:
    sample = sample_of([fork(7, 1)], [{"pid": 7}])
    blind = replace(sample, starts=None), replace(sample, exits=None)
    assert events_of(blind[gone == "exits"]) is None


@given(
    st.lists(st.tuples(st.sampled_from([FORK, EXEC, EXEC_FAILED]), st.integers(0, 20))),
    st.lists(st.integers(0, 20)),
)
def test_every_row_is_told_once_and_the_times_never_go_back(
    starts: list[tuple[int, int]], ends: list[int]
) -> None:
    rows: list[Row] = [{"kind": kind, "pid": 1, "time_ns": at} for kind, at in starts]
    events = found(sample_of(rows, [{"pid": 1, "end_ns": at} for at in ends]))
    times = events.time_ns.tolist()
    assert times == sorted(times)
    of_ends = events.kind == EXIT
    assert sorted(events.row[of_ends].tolist()) == list(range(len(ends)))
    assert sorted(events.row[~of_ends].tolist()) == list(range(len(starts)))
    assert events.only(of_ends).kind.tolist() == [EXIT] * len(ends)

"""How fast counters grow, of rows and of those that ended."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.rates import process_rates
from montauk_tui.model.frame import Rates
from montauk_tui.model.sample import ProcessTable, Sample
from montauk_tui.model.schema import COUNTERS
from tests.support.builders import BOOT_S, Row, make_sample
from tests.support.exits import make_exits

SEEN = int(BOOT_S * 100)
"""The start tick of the moment of the first sample."""

COUNTS = st.one_of(st.none(), st.integers(0, 2**60))
ROWS = st.dictionaries(
    st.integers(1, 8), st.tuples(st.sampled_from((5, SEEN + 3)), COUNTS), max_size=8
)


def rates_of(
    before: Row | None, now: Row, *, after_s: float = 2.0, **overrides: Any
) -> Rates:
    """Return the rates of the process `now`, pid 9."""
    previous = make_sample([{"pid": 9, **before}] if before is not None else [])
    current = make_sample([{"pid": 9, **now}], after_s=after_s, **overrides)
    return process_rates(previous, current)


def growth(
    before: Row | None, now: Row, name: str = "read_bytes", **more: Any
) -> float:
    return float(rates_of(before, now, **more).per_s[name][0])


@given(ROWS, ROWS, st.floats(-5, 1_000))
def test_growth_is_never_negative(before: Any, now: Any, after_s: float) -> None:
    def rows(drawn: Any) -> list[Row]:
        return [
            {"pid": pid, "start_ticks": start, "wchar": count, "majflt": count}
            for pid, (start, count) in drawn.items()
        ]

    current = make_sample(rows(now), after_s=after_s)
    rates = process_rates(make_sample(rows(before)), current)
    for name in ("wchar", "majflt"):
        assert len(rates.per_s[name]) == len(now)
        assert not np.any(rates.per_s[name] < 0)


@pytest.mark.parametrize("name", COUNTERS)
def test_growth_is_what_a_second_added(name: str) -> None:
    assert growth({name: 100}, {name: 700}, name) == 300.0


def test_all_of_it_counts_of_a_process_that_started_since() -> None:
    young = {"start_ticks": SEEN + 5, "read_bytes": 4096}
    assert growth(None, young) == 2048.0


def test_an_older_one_that_was_not_seen_is_unknown() -> None:
    assert math.isnan(growth(None, {"start_ticks": 5, "read_bytes": 4096}))


def test_a_process_that_took_the_pid_over_is_not_compared_with_the_one_before() -> None:
    before = {"start_ticks": 5, "read_bytes": 1_000_000}
    now = {"start_ticks": SEEN + 5, "read_bytes": 1_000_010}
    assert growth(before, now) == 500_005.0
    assert math.isnan(growth(before, {**now, "start_ticks": 6}))


@pytest.mark.parametrize(
    ("before", "now"), [(None, 5), (5, None), (None, None), (5, 4)]
)
def test_what_is_unknown_or_went_backwards_is_unknown(
    before: int | None, now: int | None
) -> None:
    assert math.isnan(growth({"read_bytes": before}, {"read_bytes": now}))


def test_a_new_process_whose_counter_is_unknown_is_unknown() -> None:
    assert math.isnan(growth(None, {"start_ticks": SEEN + 5, "read_bytes": None}))


def test_nothing_is_known_without_a_sample_before_or_without_time() -> None:
    assert process_rates(None, make_sample([{"pid": 9, "majflt": 3}])).per_s == {}
    assert math.isnan(growth({"majflt": 1}, {"majflt": 2}, "majflt", after_s=0.0))


def test_a_column_that_was_not_read_has_no_rates() -> None:
    sample = make_sample([{"pid": 9}], after_s=1.0)
    few = without(sample, "read_bytes", "rchar")
    later = make_sample([{"pid": 9, "read_bytes": 7}], after_s=2.0)
    assert "read_bytes" not in process_rates(sample, few).per_s
    assert np.isnan(process_rates(few, later).per_s["read_bytes"]).all()


def without(sample: Sample, *names: str) -> Sample:
    table = sample.processes
    kept = {name: getattr(table, name) for name in table.names - set(names)}
    values = {name: getattr(sample, name) for name in sample.__slots__}
    return Sample(**{**values, "processes": ProcessTable(table.comm, kept)})


@pytest.mark.parametrize(
    ("name", "is_known"),
    [("wchar", True), ("minflt", True), ("voluntary_switches", False),
     ("involuntary_switches", False), ("run_delay_ns", False)],
)  # fmt: skip
def test_what_proc_tells_of_one_thread_is_not_compared_with_the_sum_of_all(
    name: str, *, is_known: bool
) -> None:
    rates = rates_of({name: 1}, {name: 9}, ticks_per_second=10**9)
    assert (name in rates.per_s) == is_known


def test_what_is_cancelled_and_written_again_is_not_counted_twice() -> None:
    """A program that writes and truncates for ever stores nothing."""
    counts = [0, 800, 0, 800, 300, 900, None, 100, 1000]
    samples = [
        make_sample([{"pid": 9, "write_bytes": count}], after_s=float(at))
        for at, count in enumerate(counts)
    ]
    rates, told = None, []
    for before, now in itertools.pairwise(samples):
        rates = process_rates(before, now, rates)
        told.append(float(rates.per_s["write_bytes"][0]))
    assert told[:5] == [800.0, 0.0, 0.0, 0.0, 100.0]
    assert np.isnan(told[5:7]).all()
    # Who ends with less than it had written has not written less than nothing.
    end = make_sample(
        [], after_s=9.0, exits=make_exits([{"pid": 9, "write_bytes": 50}])
    )
    last = process_rates(samples[-1], end, rates)
    assert last.exit_per_s["write_bytes"].tolist() == [0.0]


# --- ended ----------------------------------------------------------------------------


def exit_growth(before: Row | None, **end: Any) -> float:
    previous = make_sample([{"pid": 9, **before}] if before is not None else [])
    exits = make_exits([{"pid": 9, **end}])
    current = make_sample([], after_s=2.0, exits=exits)
    return float(process_rates(previous, current).exit_per_s["write_bytes"][0])


def test_an_end_counts_from_the_last_sample() -> None:
    assert exit_growth({"write_bytes": 100}, write_bytes=700) == 300.0
    assert exit_growth(None, start_ticks=SEEN + 5, write_bytes=700) == 350.0


def test_an_end_that_cancelled_what_was_written_wrote_nothing() -> None:
    assert exit_growth({"write_bytes": 800}, write_bytes=700) == 0.0


def test_an_end_of_which_the_last_sample_told_nothing_is_unknown() -> None:
    assert math.isnan(exit_growth({"write_bytes": None}, write_bytes=700))
    assert math.isnan(exit_growth(None, start_ticks=5, write_bytes=700))
    assert math.isnan(exit_growth({"write_bytes": 1}, write_bytes=None))
    reused = {"write_bytes": 1, "start_ticks": 5}
    assert math.isnan(exit_growth(reused, start_ticks=6, write_bytes=700))


def test_the_first_sample_knows_no_rate_of_an_end() -> None:
    exits = make_exits([{"pid": 9, "write_bytes": 1}])
    rates = process_rates(None, make_sample([], exits=exits))
    assert np.isnan(rates.exit_per_s["write_bytes"]).all()


@pytest.mark.parametrize("seen", [None, 100])
def test_what_an_end_has_said_is_not_said_again_by_its_zombie(seen: int | None) -> None:
    """It exited after the snapshot of its sample, and its parent is slow."""
    row: Row = {"pid": 9, "start_ticks": SEEN + 1}
    end = {**row, "read_bytes": 700}
    samples = [
        make_sample([{**row, "start_ticks": 5}]),
        make_sample(
            [] if seen is None else [{**row, "read_bytes": seen}],
            after_s=1.0, exits=make_exits([end]),
        ),
        make_sample([{**row, "read_bytes": 700, "state": "Z"}], after_s=2.0),
    ]  # fmt: skip
    first, second = (process_rates(*pair) for pair in itertools.pairwise(samples))
    assert first.exit_per_s["read_bytes"].tolist() == [700.0]
    assert second.per_s["read_bytes"].tolist() == [0.0]
    # What exits have not reported counts as it did.
    assert math.isnan(second.per_s["majflt"][0]) is (seen is None)


def test_an_end_that_lacks_what_its_row_had_lets_its_zombie_repeat_nothing() -> None:
    """Threads exited before anybody listened: the row has what they did."""
    row: Row = {"pid": 9, "start_ticks": 5, "read_bytes": 700, "utime": 60}
    told: Row = {**row, "read_bytes": 100, "utime_ns": 10**7, "stime_ns": 0}
    zombie: Row = {**row, "read_bytes": 730, "utime": 61, "state": "Z"}
    previous = make_sample([row], exits=make_exits([told]))
    rates = process_rates(previous, make_sample([zombie], after_s=1.0))
    assert rates.per_s["read_bytes"].tolist() == [30.0]
    assert rates.cpu_s.tolist() == [pytest.approx(0.01)]

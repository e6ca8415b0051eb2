import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.rates import cpu_used, process_rates
from montauk_tui.model.join import Join, same_process
from tests.support.builders import BOOT_S, Row, cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits

SEEN = int(BOOT_S * 100)
"""The start tick of the moment of the first sample."""

TICKS = st.one_of(st.none(), st.integers(0, 2**40))
ROWS = st.dictionaries(
    st.integers(1, 8), st.tuples(st.sampled_from((5, SEEN + 3)), TICKS, TICKS)
)


def rows_of(drawn: dict[int, tuple[int, int | None, int | None]]) -> list[Row]:
    return [
        {"pid": pid, "start_ticks": start, "utime": utime, "stime": stime}
        for pid, (start, utime, stime) in drawn.items()
    ]


def one_rate(
    before: Row | None, now: Row, *, after_s: float = 1.0, **overrides: Any
) -> tuple[float, float]:
    """Return CPU-seconds and CPU% of the process `now`, pid 9."""
    previous = make_sample([{"pid": 9, **before}] if before is not None else [])
    current = make_sample([{"pid": 9, **now}], after_s=after_s, **overrides)
    rates = process_rates(previous, current)
    return float(rates.cpu_s[0]), float(rates.cpu_pct[0])


@given(ROWS, ROWS, st.floats(-5, 1_000))
def test_rates_are_never_negative_and_never_more_than_the_machine(
    before: Any, now: Any, after_s: float
) -> None:
    previous = make_sample(rows_of(before))
    current = make_sample(rows_of(now), after_s=after_s)
    rates = process_rates(previous, current)
    assert len(rates.cpu_s) == len(rates.cpu_pct) == len(now)
    assert not np.any(rates.cpu_s < 0)
    assert not np.any(rates.cpu_pct < 0)
    assert not np.any(rates.cpu_pct > 200.0)
    assert not np.any(np.isinf(rates.cpu_s))


@given(ROWS, ROWS, st.data())
def test_some_rows_are_charged_as_all_are(before: Any, now: Any, data: Any) -> None:
    previous, current = make_sample(rows_of(before)), make_sample(rows_of(now))
    join = same_process(previous.processes, current.processes)
    wanted = data.draw(st.lists(st.booleans(), min_size=len(now), max_size=len(now)))
    rows = np.flatnonzero(np.array(wanted, dtype=np.bool_))
    some = Join(join.row[rows], join.found[rows])
    of_all = cpu_used(previous, current, join)
    np.testing.assert_array_equal(cpu_used(previous, current, some, rows), of_all[rows])


def test_one_row_is_charged_as_it_is_among_all() -> None:
    previous = make_sample([{"pid": 1, "utime": 5}, {"pid": 2, "utime": 1}])
    current = make_sample([{"pid": 1, "utime": 7}, {"pid": 2, "utime": 4}])
    join = same_process(previous.processes, current.processes)
    second = np.array([1])
    some = Join(join.row[second], join.found[second])
    assert cpu_used(previous, current, some, second) == pytest.approx([0.03])
    assert cpu_used(previous, current, join) == pytest.approx([0.02, 0.03])


def test_the_first_sample_has_no_rates() -> None:
    rates = process_rates(None, make_sample([{"pid": 9, "utime": 5}]))
    assert np.isnan(rates.cpu_s).all()
    assert np.isnan(rates.cpu_pct).all()


def test_user_and_system_time_over_the_monotonic_interval() -> None:
    cpu_s, cpu_pct = one_rate(
        {"utime": 100, "stime": 50}, {"utime": 130, "stime": 70}, after_s=2.0
    )
    assert cpu_s == pytest.approx(0.5)
    assert cpu_pct == pytest.approx(25.0)


def test_the_wall_clock_may_jump() -> None:
    _, cpu_pct = one_rate({"utime": 0}, {"utime": 50}, time_s=0.0)
    assert cpu_pct == pytest.approx(50.0)


def test_a_new_process_is_charged_its_whole_time() -> None:
    cpu_s, cpu_pct = one_rate(None, {"start_ticks": SEEN + 20, "utime": 30})
    assert cpu_s == pytest.approx(0.3)
    assert cpu_pct == pytest.approx(30.0)


def test_a_process_of_the_last_samples_own_tick_counts_as_new() -> None:
    assert one_rate(None, {"start_ticks": SEEN, "utime": 1})[0] == pytest.approx(0.01)


def test_an_older_process_seen_for_the_first_time_is_unknown() -> None:
    cpu_s, cpu_pct = one_rate(None, {"start_ticks": SEEN - 51, "utime": 30})
    assert math.isnan(cpu_s)
    assert math.isnan(cpu_pct)


def test_a_process_that_was_being_forked_when_the_sample_was_taken_is_new() -> None:
    """It had a start time, and was not in the list of tasks yet."""
    forked = {"start_ticks": SEEN - 30}
    assert one_rate(None, {**forked, "utime": 30})[0] == pytest.approx(0.3)
    assert one_exit(None, {**forked, "utime_ns": NS // 5}) == pytest.approx(0.2)


def test_a_reused_pid_is_a_new_process() -> None:
    """Its time is its own, not what it has more than the one before."""
    cpu_s, _ = one_rate(
        {"start_ticks": 5, "utime": 1_000}, {"start_ticks": SEEN + 1, "utime": 1_040}
    )
    assert cpu_s == pytest.approx(10.4)


def test_a_counter_that_goes_backwards_is_unknown() -> None:
    cpu_s, cpu_pct = one_rate({"utime": 100}, {"utime": 99})
    assert math.isnan(cpu_s)
    assert math.isnan(cpu_pct)


@pytest.mark.parametrize("field", ["utime", "stime"])
def test_an_unknown_counter_gives_an_unknown_rate(field: str) -> None:
    assert math.isnan(one_rate({field: None}, {field: 10})[0])
    assert math.isnan(one_rate({field: 10}, {field: None})[0])
    assert math.isnan(one_rate(None, {"start_ticks": SEEN + 1, field: None})[0])


@pytest.mark.parametrize("after_s", [0.0, -1.0])
def test_without_elapsed_time_there_is_no_percentage(after_s: float) -> None:
    cpu_s, cpu_pct = one_rate({"utime": 0}, {"utime": 10}, after_s=after_s)
    assert cpu_s == pytest.approx(0.1)
    assert math.isnan(cpu_pct)


def test_no_process_uses_more_than_the_machine() -> None:
    host = make_host([cpu_ticks()] * 4)
    cpu_s, cpu_pct = one_rate({"utime": 0}, {"utime": 4_700}, host=host)
    assert cpu_s == pytest.approx(47.0)
    assert cpu_pct == 400.0


def test_the_tick_rate_is_that_of_the_source() -> None:
    _, cpu_pct = one_rate(
        {"utime": 0}, {"utime": 250_000_000}, ticks_per_second=1_000_000_000
    )
    assert cpu_pct == pytest.approx(25.0)


# --- one collector after another ------------------------------------------------------

NS = 10**9


def handed_over(ticks: int, exact_ns: int) -> tuple[float, float]:
    """Return the rates of a process seen by /proc and then, exactly, by the kernel."""
    return one_rate({"utime": ticks}, {"utime": exact_ns}, ticks_per_second=NS)


@pytest.mark.parametrize("exact_first", [False, True])
def test_what_rounding_hid_is_charged_to_nobody(exact_first: bool) -> None:  # noqa: FBT001
    """Or the first sample of the kernel collector has a tick too much of everybody."""
    rng = np.random.default_rng(1)
    used_ns = rng.integers(0, 10**12, (200, 2))
    exact = [
        {"pid": pid, "utime": int(used[0]), "stime": int(used[1])}
        for pid, used in enumerate(used_ns, 2)
    ]
    rounded = [
        row | {"utime": row["utime"] * 100 // NS, "stime": row["stime"] * 100 // NS}
        for row in exact
    ]
    samples = [
        make_sample(exact, after_s=float(not exact_first), ticks_per_second=NS),
        make_sample(rounded, after_s=float(exact_first), ticks_per_second=100),
    ]
    samples.sort(key=lambda sample: sample.monotonic_s)
    before, after = samples
    assert process_rates(before, after).cpu_s.sum() == 0.0


def test_samples_of_different_resolution() -> None:
    cpu_s, cpu_pct = handed_over(100, 1_250_000_000)
    assert cpu_s == pytest.approx(0.25)
    assert cpu_pct == pytest.approx(25.0)


@pytest.mark.parametrize("behind_ns", [1, 9_999_999, 19_999_999])
def test_an_exact_counter_behind_a_rounded_one_is_no_step_back(behind_ns: int) -> None:
    assert handed_over(100, NS - behind_ns)[0] == 0.0


def test_a_real_step_back_is_unknown_all_the_same() -> None:
    assert math.isnan(handed_over(100, NS - 30_000_000)[0])


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=6), st.integers(0, 5))
def test_a_change_of_collector_neither_loses_nor_doubles(
    steps: list[int], change: int
) -> None:
    """To what is lost in rounding, which is less than two ticks."""
    totals = np.cumsum(steps).tolist()
    samples = []
    for number, total in enumerate(totals):
        exact = number > change
        row = {"pid": 9, "utime": total if exact else total * 100 // NS}
        hertz = NS if exact else 100
        samples.append(make_sample([row], after_s=number, ticks_per_second=hertz))
    used = [
        float(process_rates(*pair).cpu_s[0]) for pair in itertools.pairwise(samples)
    ]
    assert min(used) >= 0
    assert sum(used) == pytest.approx((totals[-1] - totals[0]) / NS, abs=0.021)


# --- those who ended ------------------------------------------------------------------


def one_exit(
    before: Row | None, exit_row: Row, now: Row | None = None, **overrides: Any
) -> float:
    """Return what the ended process, pid 9, is charged with."""
    previous = make_sample([{"pid": 9, **before}] if before is not None else [])
    current = make_sample(
        [{"pid": 9, **now}] if now is not None else [],
        after_s=1.0,
        exits=make_exits([{"pid": 9, **exit_row}]),
        **overrides,
    )
    return float(process_rates(previous, current).exit_cpu_s[0])


def test_an_end_is_charged_what_it_used_since_it_was_seen() -> None:
    total = {"utime_ns": NS, "stime_ns": NS // 2}
    assert one_exit({"utime": 100, "stime": 20}, total) == pytest.approx(0.3)


def test_an_end_that_was_never_seen_is_charged_all() -> None:
    short = {"start_ticks": SEEN + 1, "utime_ns": 3_000_000, "stime_ns": 1_000_000}
    assert one_exit(None, short) == pytest.approx(0.004)


def test_an_end_that_is_older_and_was_not_seen_is_unknown() -> None:
    assert math.isnan(one_exit(None, {"start_ticks": SEEN - 51, "utime_ns": NS}))


def test_an_end_whose_pid_was_anothers_is_charged_all() -> None:
    short = {"start_ticks": SEEN + 1, "utime_ns": 5_000_000}
    assert one_exit({"start_ticks": 7, "utime": 900}, short) == pytest.approx(0.005)


@pytest.mark.parametrize("state", ["Z", "S"])
def test_a_row_that_is_still_there_is_charged_instead(state: str) -> None:
    """A zombie, or one that ended after the snapshot: only the rest is the end's."""
    row = {"start_ticks": SEEN + 1, "utime": 30, "state": state}
    end = {"start_ticks": SEEN + 1, "utime_ns": 310_000_000}
    assert one_exit(None, end, row) == pytest.approx(0.01)
    seen = {"start_ticks": 5, "utime": 20}
    row, end = {**row, "start_ticks": 5}, {**end, "start_ticks": 5}
    assert one_exit(seen, end, row) == pytest.approx(0.01)


def test_an_end_is_never_charged_less_than_nothing() -> None:
    assert one_exit({"utime": 100}, {"utime_ns": NS - 1}) == 0.0


def test_percent_of_an_end() -> None:
    exits = make_exits([{"pid": 9, "start_ticks": SEEN, "utime_ns": NS // 2}])
    current = make_sample(after_s=2.0, exits=exits)
    rates = process_rates(make_sample(), current)
    assert rates.exit_cpu_pct.tolist() == pytest.approx([25.0])


def test_the_rate_of_an_end_has_what_its_own_dead_row_was_charged_with() -> None:
    """Such a row is in no list, so that nothing of its time would be to be seen."""
    end = {"start_ticks": SEEN + 1, "utime_ns": 310_000_000}
    zombie = {"start_ticks": SEEN + 1, "utime": 30, "state": "Z"}
    before = make_sample()
    now = make_sample(
        [{"pid": 9, **zombie}], after_s=1.0, exits=make_exits([{"pid": 9, **end}])
    )
    rates = process_rates(before, now)
    assert rates.exit_cpu_s.tolist() == pytest.approx([0.01])
    assert rates.exit_cpu_pct.tolist() == pytest.approx([31.0])


@pytest.mark.parametrize("state", "ZX")
def test_what_a_row_was_charged_with_before_is_not_said_again(state: str) -> None:
    old = {"pid": 9, "start_ticks": SEEN - 500}
    samples = [
        make_sample([{**old, "utime": 0}], exits=make_exits([])),
        make_sample(
            [{**old, "utime": 90, "state": state}], after_s=1.0, exits=make_exits([])
        ),
        make_sample(after_s=2.0, exits=make_exits([{**old, "utime_ns": 910_000_000}])),
    ]
    rates = process_rates(samples[0], samples[1])
    assert rates.cpu_pct.tolist() == pytest.approx([90.0])
    rates = process_rates(samples[1], samples[2])
    assert rates.exit_cpu_pct.tolist() == pytest.approx([1.0])


def test_ends_before_the_first_sample_are_unknown() -> None:
    rates = process_rates(None, make_sample(exits=make_exits([{"pid": 9}])))
    assert np.isnan(rates.exit_cpu_s).all()
    assert np.isnan(rates.exit_cpu_pct).all()
    assert len(rates.exit_cpu_s) == 1


LIFE = st.lists(st.integers(0, 10**9), min_size=1, max_size=6)


@given(
    LIFE,
    st.integers(0, 10**8),
    st.sampled_from(["freed", "unreaped", "unseen", "zombie", "waiting", "later"]),
    st.integers(0, 2),
)
def test_all_the_time_of_a_life_is_charged_once(
    steps: list[int], last: int, how: str, more: int
) -> None:
    """Row by row and then its end: whichever way it goes out, the sum is its total."""
    totals = np.cumsum(steps).tolist()
    new: Row = {"pid": 9, "start_ticks": SEEN + 1}
    told: Row = {**new, "utime_ns": totals[-1] + last}
    exited: Row = {**new, "utime": totals[-1] + last, "state": "Z"}
    waits: Row = {**new, "utime": totals[-1] + last // 2, "state": "X"}
    story: list[tuple[list[Row], list[Row]]] = [([], [])]
    story += [([{**new, "utime": total}], []) for total in totals]
    if how == "freed":  # after the snapshot of the same sample
        story[-1][1].append(told)
    elif how == "unreaped":  # so did this one, whose parent is slow
        story[-1][1].append(told)
        story += [([exited], [])] * (more + 1)
    elif how == "unseen":  # and the snapshot was past it when it started
        story[1:] = [([], [told]), *[([exited], [])] * (more + 1)]
    elif how == "zombie":
        story += [([exited], [told]), *[([exited], [])] * more]
    elif how == "waiting":
        story += [*[([waits], [])] * (more + 1), ([], [told])]
    else:
        story.append(([], [told]))
    story.append(([], []))
    samples = [
        make_sample(rows, after_s=at, exits=make_exits(ends), ticks_per_second=NS)
        for at, (rows, ends) in enumerate(story)
    ]
    charged = 0.0
    for pair in itertools.pairwise(samples):
        rates = process_rates(*pair)
        charged += float(rates.cpu_s.sum()) + float(rates.exit_cpu_s.sum())
    assert charged == pytest.approx((totals[-1] + last) / NS, abs=1e-6)

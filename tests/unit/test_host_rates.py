"""Shares of CPUs, from what the kernel counted of each."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.rates import busy_seconds, host_rates
from montauk_tui.model.sample import CPU_FIELDS
from tests.support.builders import cpu_ticks, make_host


def test_shares_of_a_cpu() -> None:
    before = make_host([cpu_ticks(user=10, idle=10)])
    now = make_host([cpu_ticks(user=40, nice=10, idle=50, iowait=20)])
    rates = host_rates(before, now)
    shares = dict(zip(CPU_FIELDS, rates.cpu_share[0].tolist(), strict=True))
    assert shares["user"] == pytest.approx(0.3)
    assert shares["nice"] == pytest.approx(0.1)
    assert shares["iowait"] == pytest.approx(0.2)
    assert rates.busy_share[0] == pytest.approx(0.4)
    assert rates.machine_busy == pytest.approx(0.4)


def test_guest_time_counts_once_and_stolen_time_is_not_busy() -> None:
    before = make_host([cpu_ticks()])
    now = make_host([cpu_ticks(user=30, guest=20, steal=50, idle=20)])
    assert host_rates(before, now).machine_busy == pytest.approx(0.3)


def test_a_cpu_that_came_online_is_unknown() -> None:
    before = make_host([cpu_ticks(user=0)] * 2, cpu_ids=[0, 2])
    now = make_host([cpu_ticks(user=10, idle=30)] * 3, cpu_ids=[0, 1, 2])
    rates = host_rates(before, now)
    assert np.isnan(rates.cpu_share[1]).all()
    assert np.isnan(rates.busy_share[1])
    assert rates.busy_share[[0, 2]] == pytest.approx([0.25, 0.25])
    assert rates.machine_busy == pytest.approx(0.25)


def test_a_cpu_that_went_offline_is_left_out() -> None:
    before = make_host([cpu_ticks(user=1), cpu_ticks(user=900), cpu_ticks()])
    now = make_host([cpu_ticks(user=11), cpu_ticks(idle=10)], cpu_ids=[0, 2])
    assert host_rates(before, now).busy_share == pytest.approx([1.0, 0.0])


def test_counters_that_step_back_count_as_nothing() -> None:
    before = make_host([cpu_ticks(idle=100, iowait=50)])
    now = make_host([cpu_ticks(user=10, idle=110, iowait=40)])
    share = host_rates(before, now).cpu_share[0]
    assert share[CPU_FIELDS.index("iowait")] == 0.0
    assert share.sum() == pytest.approx(1.0)


def test_a_single_tick_tells_something() -> None:
    now = make_host([cpu_ticks(user=1)])
    assert host_rates(make_host([cpu_ticks()]), now).machine_busy == 1.0


def test_counters_that_stand_still_tell_nothing() -> None:
    rates = host_rates(make_host(), make_host())
    assert np.isnan(rates.busy_share).all()
    assert math.isnan(rates.machine_busy)


def test_the_first_host_sample_has_no_rates() -> None:
    rates = host_rates(None, make_host())
    assert rates.cpu_share.shape == (2, len(CPU_FIELDS))
    assert np.isnan(rates.cpu_share).all()
    assert math.isnan(rates.machine_busy)


HOSTS = st.dictionaries(
    st.integers(0, 4),
    st.lists(st.floats(0, 1e9), min_size=10, max_size=10),
    min_size=1,
)


@given(HOSTS, HOSTS)
def test_shares_lie_between_nothing_and_all(
    before: dict[int, list[float]], now: dict[int, list[float]]
) -> None:
    earlier, later = (
        make_host([drawn[cpu] for cpu in sorted(drawn)], sorted(drawn))
        for drawn in (before, now)
    )
    rates = host_rates(earlier, later)
    known = rates.busy_share[~np.isnan(rates.busy_share)]
    assert np.all((known >= 0) & (known <= 1 + 1e-9))
    assert np.all(busy_seconds(earlier, later, 100) >= 0)


def test_busy_seconds_by_kind() -> None:
    before = make_host([cpu_ticks()] * 2)
    now = make_host([cpu_ticks(user=100, irq=20, idle=500, guest=50, steal=9)] * 2)
    seconds = busy_seconds(before, now, 100)
    assert seconds.sum() == pytest.approx(2.4)
    assert seconds[CPU_FIELDS.index("irq")] == pytest.approx(0.4)

"""Interrupts in the ledger: measured, sampled, or found where no task ran."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.ledger import close_ledger
from montauk_tui.engine.interval.rates import process_rates
from montauk_tui.model.frame import Ledger
from montauk_tui.model.schema import PF_KTHREAD
from tests.support.builders import Row, cpu_ticks, make_host, make_sample

TICKS = st.integers(0, 10_000)


def sampled(left: int, idle: int, irq: int = 0, softirq: int = 0) -> Ledger:
    """Return the ledger of a kernel that keeps interrupts in the time of processes.

    One process used 50 of the ticks, `left` were used otherwise.
    """
    previous = make_sample(
        [{"pid": 1}], host=make_host([cpu_ticks()], measures_interrupts=False)
    )
    ticks = cpu_ticks(user=50 + left, irq=irq, softirq=softirq, idle=idle)
    ticks[0] -= irq + softirq
    now = make_host([ticks], measures_interrupts=False)
    current = make_sample([{"pid": 1, "utime": 50}], host=now, after_s=1.0)
    return close_ledger(previous, current, process_rates(previous, current))


def test_interrupts_of_a_cpu_that_is_never_idle_are_in_its_processes() -> None:
    ledger = sampled(left=0, idle=0, softirq=8)
    assert ledger.live_s == ledger.busy_s == pytest.approx(0.5)
    assert (ledger.interrupts_s, ledger.unexplained_s) == (0.0, 0.0)
    # What is missing there is no interrupt.
    missing = sampled(left=20, idle=0, softirq=8)
    assert missing.interrupts_s == 0.0
    assert missing.unexplained_s == pytest.approx(0.2)


def test_of_interrupts_that_may_have_hit_an_idle_cpu_what_processes_leave() -> None:
    assert sampled(left=3, idle=40, softirq=8).interrupts_s == pytest.approx(0.03)
    assert sampled(left=3, idle=40, softirq=8).unexplained_s == pytest.approx(0.0)
    more = sampled(left=30, idle=20, irq=1, softirq=8)
    assert more.interrupts_s == pytest.approx(0.09)
    assert more.unexplained_s == pytest.approx(0.21)


@given(st.integers(-50, 50), st.integers(0, 50), TICKS, TICKS)
def test_sampled_interrupts_close_the_books_and_explain_no_more_than_they_were(
    left: int, idle: int, irq: int, softirq: int
) -> None:
    ledger = sampled(left, idle, irq, softirq)
    left_s = ledger.busy_s - ledger.live_s
    assert 0 <= ledger.interrupts_s <= (irq + softirq) / 100
    assert ledger.interrupts_s <= max(left_s, 0.0)
    assert ledger.interrupts_s + ledger.unexplained_s == pytest.approx(left_s)
    # It never makes of a gap a surplus, nor the other way round.
    assert min(left_s, 0.0) - 1e-9 <= ledger.unexplained_s <= max(left_s, 0.0) + 1e-9


def watched(
    *, ran_s: float, used: int, softirq: int = 0, measures: bool = False, **other: Any
) -> Ledger:
    """Return the ledger of a second where the switches are watched: 30 ticks idle."""
    fields: dict[str, Any] = {"measures_interrupts": measures}
    before = make_host([cpu_ticks()], **fields, tasks_s=5.0, read_s=1.0)
    ticks = cpu_ticks(user=70 - softirq, softirq=softirq, idle=30)
    fields |= {"tasks_s": 5.0 + ran_s, "read_s": 2.0, **other}
    previous = make_sample([{"pid": 1}], host=before)
    current = make_sample(
        [{"pid": 1, "utime": used}], host=make_host([ticks], **fields), after_s=1.0
    )
    return close_ledger(previous, current, process_rates(previous, current))


def test_a_cpu_that_wakes_without_running_a_task_handles_interrupts() -> None:
    ledger = watched(ran_s=0.60, used=60)
    assert ledger.busy_s == pytest.approx(0.70)
    assert ledger.interrupts_s == pytest.approx(0.10)
    assert ledger.unexplained_s == pytest.approx(0.0)
    # What tasks used that are no row is no interrupt.
    missing = watched(ran_s=0.60, used=45, softirq=10)
    assert missing.interrupts_s == pytest.approx(0.10)
    assert missing.unexplained_s == pytest.approx(0.15)


def test_measured_interrupts_leave_the_waking_of_cpus() -> None:
    """The scheduler's clock stands still meanwhile: they are in the time of tasks."""
    ledger = watched(ran_s=0.65, used=60, softirq=5, measures=True)
    assert ledger.interrupts_s == pytest.approx(0.10)
    assert ledger.unexplained_s == pytest.approx(0.0)


def test_what_tasks_ran_is_busy_though_idle_time_comes_in_steps() -> None:
    ledger = watched(ran_s=0.705, used=70)
    assert ledger.busy_s == pytest.approx(0.705)
    assert (ledger.interrupts_s, ledger.unexplained_s) == pytest.approx((0.0, 0.005))


@pytest.mark.parametrize(
    "other",
    [{"tasks_s": 1.0}, {"tasks_s": 7.0}, {"tasks_s": math.nan}, {"cpu_ids": [1]}],
)
def test_a_count_of_another_opening_or_other_cpus_tells_nothing(
    other: dict[str, Any],
) -> None:
    ledger = watched(ran_s=0.60, used=60, softirq=3, **other)
    assert ledger.interrupts_s <= 0.03


def test_stolen_time_is_none_of_a_task_unless_it_is_charged_for_it() -> None:
    before = make_host([cpu_ticks()], tasks_s=0.0, read_s=1.0)
    ticks = [cpu_ticks(user=50, steal=20, idle=30)]
    for charges, expected in ((True, 0.7), (False, 0.5)):
        now = make_host(ticks, tasks_s=0.7, read_s=2.0, charges_stolen=charges)
        previous = make_sample([{"pid": 1}], host=before)
        current = make_sample(
            [{"pid": 1, "utime": round(expected * 100)}], host=now, after_s=1.0
        )
        ledger = close_ledger(previous, current, process_rates(previous, current))
        assert ledger.busy_s == pytest.approx(expected)
        assert ledger.unexplained_s == pytest.approx(0.0)


@pytest.mark.parametrize("measures", [True, False])
@pytest.mark.parametrize("has_kernel", [True, False])
def test_what_cgroups_were_charged_closes_the_books(
    *, measures: bool, has_kernel: bool
) -> None:
    """A process of 0.4 s, a kernel thread of 0.1 s, 0.15 s that nobody saw."""
    fields: dict[str, Any] = {
        "measures_interrupts": measures, "charged_has_kernel": has_kernel,
    }  # fmt: skip
    before = make_host([cpu_ticks()], **fields, charged_s=50.0, read_s=1.0)
    charged_s = 0.65 if has_kernel else 0.55
    now = make_host(
        [cpu_ticks(user=73, softirq=2, idle=25)],
        **fields, charged_s=50.0 + charged_s, read_s=2.0,
    )  # fmt: skip
    kernel: Row = {"pid": 3, "flags": PF_KTHREAD}
    previous = make_sample([{"pid": 1}, kernel], host=before)
    rows: list[Row] = [{"pid": 1, "utime": 40}, {**kernel, "stime": 10}]
    current = make_sample(rows, host=now, after_s=1.0)
    ledger = close_ledger(previous, current, process_rates(previous, current))
    assert ledger.busy_s == pytest.approx(0.75)
    assert ledger.interrupts_s == pytest.approx(0.10)
    assert ledger.unexplained_s == pytest.approx(0.15)


@pytest.mark.parametrize("charged_s", [0.2, 3.0, -1.0, math.nan])
def test_cgroups_that_lack_processes_or_leap_tell_nothing(charged_s: float) -> None:
    before = make_host([cpu_ticks()], charged_s=50.0, read_s=1.0)
    ticks = [cpu_ticks(user=75, idle=25)]
    now = make_host(ticks, charged_s=50.0 + charged_s, read_s=2.0)
    previous = make_sample([{"pid": 1}], host=before)
    current = make_sample([{"pid": 1, "utime": 60}], host=now, after_s=1.0)
    ledger = close_ledger(previous, current, process_rates(previous, current))
    assert ledger.busy_s == pytest.approx(0.75)
    assert (ledger.interrupts_s, ledger.unexplained_s) == pytest.approx((0.0, 0.15))


def test_where_busy_time_is_unknown_so_is_that_of_interrupts() -> None:
    host = make_host([[math.nan] * 10], measures_interrupts=False)
    previous = make_sample([{"pid": 1}], host=host)
    current = make_sample([{"pid": 1, "utime": 50}], host=host, after_s=1.0)
    ledger = close_ledger(previous, current, process_rates(previous, current))
    assert ledger.live_s == pytest.approx(0.5)
    assert math.isnan(ledger.interrupts_s)

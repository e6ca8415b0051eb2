import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.ledger import close_ledger, in_cores
from montauk_tui.engine.interval.rates import busy_total, process_rates
from montauk_tui.model.frame import Ledger
from montauk_tui.model.schema import PF_KTHREAD
from tests.support.builders import BOOT_S, Row, cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits

TICKS = st.integers(0, 10_000)


def books(
    before: list[Row],
    now: list[Row],
    ended: list[Row] | None = None,
    **ticks: float,
) -> Ledger:
    """Return the ledger of a second in which one CPU counted `ticks`."""
    previous = make_sample(before, host=make_host([cpu_ticks()]))
    current = make_sample(
        now,
        host=make_host([cpu_ticks(**ticks)]),
        after_s=1.0,
        exits=None if ended is None else make_exits(ended),
    )
    return close_ledger(previous, current, process_rates(previous, current))


@given(st.lists(st.tuples(TICKS, TICKS), max_size=6), TICKS, TICKS, TICKS)
def test_the_parts_add_up(
    used: list[tuple[int, int]], user: int, irq: int, softirq: int
) -> None:
    before: list[Row] = [
        {"pid": pid, "utime": utime} for pid, (utime, _) in enumerate(used, 1)
    ]
    now: list[Row] = [
        {"pid": pid, "utime": later} for pid, (_, later) in enumerate(used, 1)
    ]
    ledger = books(before, now, user=user, irq=irq, softirq=softirq)
    assert ledger.exited_s == (0.0 if used else None)
    parts = ledger.live_s + ledger.interrupts_s + ledger.unexplained_s
    assert parts == pytest.approx(ledger.busy_s)


def test_where_the_time_went() -> None:
    ledger = books(
        [{"pid": 1, "utime": 10}, {"pid": 2, "stime": 5}],
        [{"pid": 1, "utime": 40}, {"pid": 2, "stime": 15}],
        user=50, system=20, irq=3, softirq=4, idle=900, iowait=7, steal=8, guest=9,
    )  # fmt: skip
    assert ledger.busy_s == pytest.approx(0.77)
    assert ledger.live_s == pytest.approx(0.40)
    assert ledger.interrupts_s == pytest.approx(0.07)
    assert ledger.unexplained_s == pytest.approx(0.30)


def test_a_process_that_ended_is_unexplained() -> None:
    ledger = books([{"pid": 1}, {"pid": 2, "utime": 9}], [{"pid": 1}], user=60)
    assert ledger.live_s == 0.0
    assert ledger.unexplained_s == pytest.approx(0.60)


def test_a_process_that_started_is_live() -> None:
    row: Row = {"pid": 3, "start_ticks": int(BOOT_S * 100) + 1, "utime": 25}
    assert books([], [row], user=25).live_s == pytest.approx(0.25)


def test_threads_are_not_counted_beside_their_process() -> None:
    ledger = books(
        [{"pid": 1}, {"pid": 2, "tgid": 1}],
        [{"pid": 1, "utime": 30}, {"pid": 2, "tgid": 1, "utime": 30}],
        user=30,
    )
    assert ledger.live_s == pytest.approx(0.30)


def test_an_unknown_rate_explains_nothing() -> None:
    ledger = books([], [{"pid": 1, "start_ticks": 5, "utime": 99}], user=10)
    assert ledger.live_s == 0.0
    assert ledger.unexplained_s == pytest.approx(0.10)


# --- where the collector sees what ended ----------------------------------------------

NEW = {"start_ticks": int(BOOT_S * 100) + 1}


def test_a_process_that_ended_is_explained() -> None:
    ledger = books(
        [{"pid": 1}, {"pid": 2, "utime": 9}],
        [{"pid": 1, "utime": 20}],
        [{"pid": 2, "utime_ns": 290_000_000}, {"pid": 7, "stime_ns": 10**8, **NEW}],
        user=60,
        irq=2,
    )
    assert ledger.live_s == pytest.approx(0.20)
    assert ledger.exited_s == pytest.approx(0.30)
    assert ledger.interrupts_s == pytest.approx(0.02)
    assert ledger.unexplained_s == pytest.approx(0.10)


def test_nothing_ended() -> None:
    assert books([], [], [], user=1).exited_s == 0.0


def test_a_zombie_is_in_one_part_of_the_books() -> None:
    row: Row = {"pid": 2, "utime": 30, "state": "Z", **NEW}
    ledger = books([], [row], [{"pid": 2, "utime_ns": 310_000_000, **NEW}], user=31)
    assert ledger.live_s == 0.0
    assert ledger.exited_s == pytest.approx(0.31)
    assert ledger.unexplained_s == pytest.approx(0.0)


@pytest.mark.parametrize(("threads", "state"), [(2, "Z"), (1, "R")])
def test_a_process_whose_first_thread_ended_is_alive(threads: int, state: str) -> None:
    row: Row = {"pid": 2, "utime": 30, "state": state, "threads": threads, **NEW}
    ledger = books([], [row], [], user=30)
    assert ledger.live_s == pytest.approx(0.30)
    assert ledger.exited_s == 0.0


def test_a_sample_that_takes_long_has_no_more_cores_than_there_are() -> None:
    """The CPU times of the host are read last, after all threads."""
    before = make_sample([], host=make_host([cpu_ticks()] * 2, read_s=100.0))
    ticks = [cpu_ticks(user=1600)] * 2
    now = make_sample([], after_s=1.0, host=make_host(ticks, read_s=116.0))
    ledger = close_ledger(before, now, process_rates(before, now))
    assert ledger.busy_s == 32.0
    assert in_cores(ledger).busy_s == 2.0


def test_busy_time_is_what_was_not_idle() -> None:
    """Ticks say who ran when the timer looked; idle time is kept to the moment."""
    before = make_host([cpu_ticks()] * 2, read_s=10.0)
    now = make_host([cpu_ticks(user=48, idle=49), cpu_ticks(idle=100)], read_s=11.0)
    assert busy_total(before, now, 100) == pytest.approx(0.51)
    away = make_host([cpu_ticks(user=50, idle=20, iowait=20, steal=10)], read_s=11.0)
    assert busy_total(make_host([cpu_ticks()], read_s=10.0), away, 100) == 0.5


def test_busy_time_is_counted_where_idle_time_does_not_add_up() -> None:
    """The machine was stopped for a while, or nobody knows when it was read."""
    before = make_host([cpu_ticks()], read_s=10.0)
    stopped = make_host([cpu_ticks(user=30, idle=70)], read_s=60.0)
    assert busy_total(before, stopped, 100) == pytest.approx(0.3)
    timeless = make_host([cpu_ticks(user=30, idle=60)])
    assert busy_total(before, timeless, 100) == pytest.approx(0.3)


def test_ticks_that_miss_what_processes_used_are_not_believed() -> None:
    """A timer that wakes a process right after each tick: on the CPU at none."""
    before = make_host([cpu_ticks()] * 2, read_s=10.0)
    now = make_host([cpu_ticks(user=4, idle=71)] * 2, read_s=11.0)
    assert busy_total(before, now, 100) == pytest.approx(0.08)
    assert busy_total(before, now, 100, 0.5) == pytest.approx(0.58)
    # A tick on each CPU too many or too few is no proof.
    assert busy_total(before, now, 100, 0.12) == pytest.approx(0.08)


def test_stolen_time_is_busy_where_processes_are_charged_for_it() -> None:
    """A process of 0.7 s of which 0.2 were stolen, on a CPU that was idle for 0.3."""
    ticks = cpu_ticks(user=50, steal=20, idle=30)
    for charges, used in ((True, 70), (False, 50)):
        for read_s in (math.nan, 1.0):
            before = make_host([cpu_ticks()], read_s=read_s - 1.0)
            now = make_host([ticks], charges_stolen=charges, read_s=read_s)
            previous = make_sample([{"pid": 1}], host=before)
            current = make_sample([{"pid": 1, "utime": used}], host=now, after_s=1.0)
            ledger = close_ledger(previous, current, process_rates(previous, current))
            assert ledger.busy_s == pytest.approx(used / 100)
            assert ledger.unexplained_s == pytest.approx(0.0)


def test_softirqs_that_ksoftirqd_handles_are_counted_once() -> None:
    ksoftirqd: Row = {"pid": 9, "comm": "ksoftirqd/0", "flags": PF_KTHREAD}
    ledger = books(
        [ksoftirqd],
        [{**ksoftirqd, "stime": 30}],
        user=10, softirq=34, irq=2,
    )  # fmt: skip
    assert ledger.live_s == pytest.approx(0.30)
    assert ledger.interrupts_s == pytest.approx(0.06)
    assert ledger.unexplained_s == pytest.approx(0.10)


def test_a_process_that_only_calls_itself_ksoftirqd_changes_nothing() -> None:
    liar: Row = {"pid": 9, "comm": "ksoftirqd/0", "flags": 0}
    ledger = books([liar], [{**liar, "stime": 30}], system=30, softirq=34)
    assert ledger.interrupts_s == pytest.approx(0.34)


def test_what_the_machine_does_not_tell_is_unknown_in_the_books() -> None:
    ledger = books([{"pid": 1}], [{"pid": 1, "utime": 30}], user=math.nan)
    assert ledger.live_s == pytest.approx(0.30)
    unknown = (ledger.busy_s, ledger.interrupts_s, ledger.unexplained_s)
    assert math.isnan(unknown[0])
    assert math.isnan(unknown[2])


def test_counters_that_leap_tell_nothing() -> None:
    before = make_host([cpu_ticks()], read_s=10.0)
    leapt = make_host([cpu_ticks(user=9e11, idle=50)], read_s=11.0)
    assert math.isnan(busy_total(before, leapt, 100))


def test_an_end_whose_use_is_unknown_explains_nothing() -> None:
    ledger = books([], [], [{"pid": 2, "utime_ns": 10**9, "start_ticks": 5}], user=10)
    assert ledger.exited_s == 0.0
    assert ledger.unexplained_s == pytest.approx(0.10)


ENDS = st.dictionaries(st.integers(1, 9), st.tuples(st.booleans(), TICKS), max_size=6)


@given(ENDS, ENDS, TICKS, TICKS)
def test_the_parts_add_up_with_those_who_ended(
    live: dict[int, tuple[bool, int]],
    ended: dict[int, tuple[bool, int]],
    user: int,
    irq: int,
) -> None:
    start = {True: NEW, False: {}}
    ledger = books(
        [{"pid": pid, "utime": 1} for pid in live],
        [
            {"pid": pid, "utime": used, **start[new]}
            for pid, (new, used) in live.items()
        ],
        [
            {"pid": pid, "utime_ns": used * 10**7, **start[new]}
            for pid, (new, used) in ended.items()
        ],
        user=user,
        irq=irq,
    )
    assert ledger.exited_s is not None
    assert ledger.exited_s >= 0
    parts = ledger.live_s + ledger.exited_s + ledger.interrupts_s + ledger.unexplained_s
    assert parts == pytest.approx(ledger.busy_s)

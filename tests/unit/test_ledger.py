import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.ledger import close_books
from montauk_tui.engine.rates import process_rates
from montauk_tui.model.frame import Ledger
from tests.support.builders import BOOT_S, Row, cpu_ticks, make_host, make_sample

TICKS = st.integers(0, 10_000)


def books(before: list[Row], now: list[Row], **ticks: float) -> Ledger:
    """Return the ledger of a second in which one CPU counted `ticks`."""
    previous = make_sample(before, host=make_host([cpu_ticks()]))
    current = make_sample(now, host=make_host([cpu_ticks(**ticks)]), after_s=1.0)
    return close_books(previous, current, process_rates(previous, current))


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
    assert ledger.exited_s is None
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

"""The clock by which segments age."""

from montauk_tui.recorder.aging import AgeClock

HOUR_NS = 3_600 * 10**9
YEAR_NS = 365 * 24 * HOUR_NS


class Clocks:
    """A machine that was booted at hour 1,000."""

    def __init__(self) -> None:
        self.boot_ns = 50 * HOUR_NS
        self.booted_ns = 1_000 * HOUR_NS
        self.age = AgeClock(lambda: self.boot_ns + self.booted_ns, lambda: self.boot_ns)

    def after(self, hours: float) -> float:
        """Return the hour, so many hours later."""
        self.boot_ns += round(hours * HOUR_NS)
        return self.age.now_ns() / HOUR_NS


def test_usually_it_is_the_wall_clock() -> None:
    clocks = Clocks()
    assert [clocks.after(1) for _ in range(3)] == [1_051, 1_052, 1_053]


def test_a_clock_that_is_a_year_ahead_for_a_while_ages_nothing() -> None:
    clocks = Clocks()
    clocks.booted_ns += YEAR_NS
    assert [clocks.after(1) for _ in range(3)] == [1_051, 1_052, 1_053]
    clocks.booted_ns -= YEAR_NS
    assert clocks.after(30) == 1_083
    # The next time counts from its own begin.
    clocks.booted_ns += YEAR_NS
    assert clocks.after(1) == 1_084


def test_after_a_day_it_is_believed() -> None:
    """A machine without a clock of its own begins in 1970."""
    clocks = Clocks()
    clocks.booted_ns += YEAR_NS
    assert clocks.after(1) == 1_051
    assert clocks.after(23) == 1_074
    assert clocks.after(1) == 1_075 + YEAR_NS / HOUR_NS
    assert clocks.after(1) == 1_076 + YEAR_NS / HOUR_NS


def test_small_steps_and_steps_back_are_believed_at_once() -> None:
    clocks = Clocks()
    clocks.booted_ns += HOUR_NS // 2
    assert clocks.after(1) == 1_051.5
    clocks.booted_ns -= 3 * HOUR_NS
    assert clocks.after(1) == 1_049.5

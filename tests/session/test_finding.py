"""A text and a PID as they are typed."""

import pytest

from montauk_tui.session import finding
from montauk_tui.session.finding import PID_SEARCH_S, PidSearch, Typed


class Clock:
    """The time of day, as far as typing knows it."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(finding, "time", clock)
    return clock


def test_a_text_grows_until_there_is_a_pause(clock: Clock) -> None:
    typed = Typed(1.5)
    assert not typed.expire()
    typed.type("c")
    clock.now_s += 1.5
    typed.type("x")
    assert typed.text == "cx"
    typed.rub_out()
    assert typed.text == "c"
    clock.now_s += 1.4
    assert not typed.expire()
    clock.now_s += 0.2
    typed.type("m")
    assert typed.text == "m"
    clock.now_s += 1.6
    assert typed.expire()
    assert typed.text == ""


def test_digits_after_a_pause_begin_another_number(clock: Clock) -> None:
    search = PidSearch().typed("1", None).typed("2", None)
    assert search.shown == "12"
    clock.now_s += PID_SEARCH_S
    assert search.typed("3", None).shown == "3"

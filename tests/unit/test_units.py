import math
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.units import (
    bytes_text,
    clock_text,
    counted,
    cpu_time_text,
    duration_text,
    hertz_text,
    percent_text,
)

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time one hour east of Greenwich, two in summer, by rule and not by name."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "text", [bytes_text, percent_text, cpu_time_text, duration_text]
)
def test_unknown_is_a_dash(text: Callable[[float], str]) -> None:
    assert text(math.nan) == "-"


def test_an_unknown_moment_is_a_dash() -> None:
    assert clock_text(math.nan, 0.0) == "-"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0"),
        (-1, "0"),
        (0.3, "1B"),
        (1, "1B"),
        (51, "51B"),
        (52, "0.1K"),
        (512, "0.5K"),
        (KIB, "1.0K"),
        (9.94 * KIB, "9.9K"),
        (9.95 * KIB, "10K"),
        (10 * KIB, "10K"),
        (1023.4 * KIB, "1023K"),
        (1023.5 * KIB, "1.0M"),
        (MIB, "1.0M"),
        (310 * MIB, "310M"),
        (1023.6 * MIB, "1.0G"),
        (1.25 * GIB, "1.2G"),
        (2**63 - 1, "8.0E"),
        (2.0**70, "1Z"),
    ],
)
def test_sizes(count: float, expected: str) -> None:
    assert bytes_text(count) == expected


@given(st.one_of(st.integers(0, 2**63 - 1), st.floats(0, 2.0**73)))
def test_a_size_has_at_most_5_characters(count: float) -> None:
    assert len(bytes_text(count)) <= 5


@given(st.integers(0, 2**63 - 1))
def test_a_size_says_what_it_is(count: int) -> None:
    """The value that the text means is off by the rounding of its last digit only."""
    text = bytes_text(count)
    if text == "0":
        assert count == 0
        return
    unit = 1024 ** "BKMGTPE".index(text[-1])
    step = 0.1 if "." in text else 1.0
    assert abs(float(text[:-1]) * unit - count) <= step * unit * 0.51


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0.0"),
        (0.04, "0.0"),
        (99.94, "99.9"),
        (99.96, "100.0"),
        (999.94, "999.9"),
        (999.95, "1000"),
        (1_600.4, "1600"),
    ],
)
def test_percentages(value: float, expected: str) -> None:
    assert percent_text(value) == expected


@given(st.floats(0, 99_999))
def test_a_percentage_has_at_most_5_characters(value: float) -> None:
    assert len(percent_text(value)) <= 5


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0:00.00"),
        (0.004, "0:00.00"),
        (0.01, "0:00.01"),
        (1.0, "0:01.00"),
        (59.99, "0:59.99"),
        (59.996, "1:00.00"),
        (62.03, "1:02.03"),
        (3_599.99, "59:59.99"),
        (3_600.0, "1h00:00"),
        (3_723.9, "1h02:03"),
        (86_399.0, "23h59:59"),
        (86_400.0, "1d00h00"),
        (93_780.0, "1d02h03"),
        (100 * 86_400.0, "100d00h00"),
    ],
)
def test_cpu_times(seconds: float, expected: str) -> None:
    assert cpu_time_text(seconds) == expected


@given(st.floats(0, 999 * 86_400))
def test_a_cpu_time_has_at_most_9_characters(seconds: float) -> None:
    assert len(cpu_time_text(seconds)) <= 9


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "00:00:00"),
        (0.99, "00:00:00"),
        (15_129.9, "04:12:09"),
        (86_399.0, "23:59:59"),
        (86_400.0, "1 d 00:00"),
        (3 * 86_400.0 + 15_129.0, "3 d 04:12"),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    assert duration_text(seconds) == expected


# 2026-11-18 12:06:40 in Berlin.
NOW_S = 1_795_000_000.0


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("moment_s", "expected"),
    [
        (NOW_S, "12:06"),
        (NOW_S - 12 * 3_600, "00:06"),
        (NOW_S - 13 * 3_600, "Nov17"),
        (NOW_S - 240 * 86_400, "Mar23"),
        (NOW_S - 365 * 86_400, "2025"),
        (0.0, "1970"),
        (NOW_S + 3_600, "13:06"),
    ],
)
def test_clock_times_are_local(moment_s: float, expected: str) -> None:
    assert clock_text(moment_s, NOW_S) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 tasks"),
        (1, "1 task"),
        (2, "2 tasks"),
        (1.0, "1 task"),
        (30.0, "30 tasks"),
    ],
)
def test_what_is_counted_is_one_or_many(count: float, expected: str) -> None:
    assert counted(count, "task") == expected


def test_plurals_of_their_own() -> None:
    assert counted(1, "process", "processes") == "1 process"
    assert counted(3, "process", "processes") == "3 processes"


@pytest.mark.parametrize(
    ("hertz", "text"),
    [(math.nan, "-"), (3.42e9, "3.42GHz"), (999.5e6, "1.00GHz"), (999.4e6, "999MHz")],
)
def test_a_clock_rate_has_a_unit(hertz: float, text: str) -> None:
    assert hertz_text(hertz) == text

"""Moments as people name them."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from montauk_tui.errors import UsageError
from montauk_tui.recorder.times import first_from, last_until, read_moment

END_S = datetime(2026, 11, 30, 14, 3, 7, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-30 14:03:07"),
        ("-90s", "2026-11-30 14:01:37"),
        ("- 1h30m", "2026-11-30 12:33:07"),
        ("3 min ago", "2026-11-30 14:00:07"),
        ("2 hours ago", "2026-11-30 12:03:07"),
        ("1d ago", "2026-11-29 14:03:07"),
        ("14:03:07", "2026-11-30 14:03:07"),
        ("3:07", "2026-11-30 03:07:00"),
        ("14:04", "2026-11-29 14:04:00"),
        ("2026-11-29", "2026-11-29 00:00:00"),
        ("2026-11-29T03:07", "2026-11-29 03:07:00"),
        ("2026-11-29 03:07:30+01:00", "2026-11-29 02:07:30"),
    ],
)
def test_a_moment_is_read(text: str, expected: str) -> None:
    moment = datetime.fromtimestamp(read_moment(text, END_S), UTC)
    assert f"{moment:%Y-%m-%d %H:%M:%S}" == expected


def test_a_clock_that_was_set_back_has_times_twice() -> None:
    times = np.array([10.0, 11.0, 5.0, 6.0, 12.0])
    assert (first_from(times, 6.0), last_until(times, 6.0)) == (0, 3)
    assert (first_from(times, 10.5), last_until(times, 10.5)) == (1, 3)
    assert (first_from(times, 13.0), last_until(times, 4.0)) == (5, -1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "25:00",
        "-",
        "-x",
        "ago",
        "x ago",
        "--5s",
        "9999999-01-01",
        "\x1b[2J",
    ],
)
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match="write for example") as refused:
        read_moment(text, END_S)
    assert re.fullmatch(r"[ -~]+", str(refused.value))

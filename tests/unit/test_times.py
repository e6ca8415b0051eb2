"""Moments as people name them."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from montauk_tui.engine.units import date_text
from montauk_tui.errors import UsageError
from montauk_tui.recorder.times import read_moment

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
    asked = read_moment(text, END_S)
    (wall_s,) = asked.walls_s
    moment = datetime.fromtimestamp(wall_s, UTC)
    assert f"{moment:%Y-%m-%d %H:%M:%S}" == expected


@pytest.mark.parametrize(
    ("text", "time_", "which"),
    [
        ("03:07", "03:07", ""),
        ("03:07 first", "03:07", "first"),
        (" 2026-11-29 03:07  LAST ", "2026-11-29 03:07", "last"),
        ("-90s", "-90s", "last"),
        ("end", "end", "last"),
    ],
)
def test_which_of_several_is_wanted(text: str, time_: str, which: str) -> None:
    asked = read_moment(text, END_S)
    assert (asked.text, asked.which) == (time_, which)


def berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()


def utc_of(text: str, end: str = "2026-12-01 00:00") -> list[str]:
    end_s = datetime.fromisoformat(f"{end}+00:00").timestamp()
    walls_s = read_moment(text, end_s).walls_s
    return [f"{datetime.fromtimestamp(one, UTC):%d %H:%M}" for one in walls_s]


def test_when_summer_time_ends_an_hour_is_there_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    berlin(monkeypatch)
    both = ["25 00:30", "25 01:30"]
    assert utc_of("2026-10-25 02:30") == both
    assert utc_of("02:30", "2026-10-25 09:00") == both
    assert utc_of("02:30", "2026-10-25 01:00") == both[:1]
    assert utc_of("02:30", "2026-10-25 00:10") == ["24 00:30"]
    assert utc_of("2026-10-25 02:30+01:00") == both[1:]
    assert utc_of("2026-10-25 03:30") == ["25 02:30"]
    # Not that there was such a time.
    assert utc_of("2026-03-29 02:30") == ["29 01:30"]
    assert date_text(datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp()) == (
        "2026-10-25 02:30:00 CET"
    )


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

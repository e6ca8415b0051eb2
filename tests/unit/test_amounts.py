"""Sizes, durations and times of day as people write them."""

import pytest

from montauk_tui.model.amounts import clock_seconds, read_bytes, read_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512", 512), ("2K", 2048), ("1.5g", 1.5 * 2**30), ("3MiB", 3 << 20), ("x", None)],
)
def test_a_size(text: str, expected: float | None) -> None:
    assert read_bytes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("500ms", 0.5), ("1h30m", 5_400), ("7d", 604_800), ("-3", -3),
     ("1x", None), ("", None)],
)  # fmt: skip
def test_a_duration(text: str, expected: float | None) -> None:
    assert read_seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0:00", 0), ("14:03", 50_580), ("23:59:59", 86_399), ("24:00", None),
     ("9:60", None), ("9:59:60", None), ("noon", None)],
)  # fmt: skip
def test_a_time_of_day(text: str, expected: int | None) -> None:
    assert clock_seconds(text) == expected

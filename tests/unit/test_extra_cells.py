"""Cells of ends, events and spawners."""

import math
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.extra_cells import event_text, percent_level, pid_key
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.rows.exited import are_exited_rows, exited_only, with_exited
from montauk_tui.engine.rows.kinds import extra_value
from montauk_tui.engine.units import (
    clock_second_text,
    exit_status_text,
    lifetime_text,
    rate_text,
    whole_text,
)
from montauk_tui.model.text import cell_width
from tests.support.listing import Life, end


def test_a_value_that_a_list_does_not_have_is_unknown() -> None:
    frame = Life().at(1.0)
    assert math.isnan(extra_value(frame, "lifetime_s", 0))
    assert COLUMNS["lifetime_s"].text(frame, 0) == "-"
    assert np.isnan(COLUMNS["lifetime_s"].key(frame)).all()


def test_pids_sort_as_they_are_shown_and_rows_of_many_last() -> None:
    ends = [end(7, b"ls"), *(end(100 + at) for at in range(3))]
    frame = with_exited(Life().at(1.0, ends), 5.0, frozenset())
    shown = [COLUMNS["pid"].text(frame, row) for row in range(5)]
    assert shown == ["3x", "7", "1", "10", "11"]
    assert pid_key(frame).tolist()[1:] == [7, 1, 10, 11]
    assert math.isnan(pid_key(frame)[0])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (math.nan, "-"), (0.0, "0us"), (0.00064, "640us"), (0.0009995, "1.0ms"),
        (0.0032, "3.2ms"), (0.0995, "100ms"), (0.9994, "999ms"), (0.9995, "1.0s"),
        (59.94, "59.9s"), (59.96, "1m00s"), (3_599.0, "59m59s"), (3_600.0, "1h00m"),
        (359_999.0, "99h59m"), (360_000.0, "4d"), (1e9, "11574d"),
    ],
)  # fmt: skip
def test_a_life_fits_in_six_characters(seconds: float, text: str) -> None:
    assert lifetime_text(seconds) == text
    assert len(text) <= 6


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (math.nan, "-"), (0.0, "0.0"), (0.2, "0.2"), (9.94, "9.9"), (9.96, "10"),
        (214.4, "214"), (9_999.0, "9999"), (12_345.0, "12.3k"),
    ],
)  # fmt: skip
def test_a_rate_fits_in_five_characters(rate: float, text: str) -> None:
    assert rate_text(rate) == text
    assert len(text) <= 5


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (math.nan, "-"), (0, "0"), (256, "1"), (255 << 8, "255"), (9, "SIGKILL"),
        (11 | 128, "SIGSEGV+core"), (50, "signal 50"),
    ],
)  # fmt: skip
def test_a_status_is_said_as_people_say_it(status: float, text: str) -> None:
    assert exit_status_text(status) == text


def test_counts_events_and_times() -> None:
    assert (whole_text(math.nan), whole_text(16_384.0)) == ("-", "16384")
    assert [event_text(kind) for kind in (1.0, 2.0, 3.0, math.nan)] == [
        "fork", "exec", "exit", "-",
    ]  # fmt: skip
    assert clock_second_text(math.nan) == "-"
    assert cell_width(clock_second_text(0.0)) == 8


def test_a_failure_is_warm_and_success_is_faint() -> None:
    ends = [end(1), end(2, exit_code=1), end(3, exit_code=None)]
    frame = exited_only(Life().at(1.0, ends))
    levels = [COLUMNS["exit_status"].level(frame, row) for row in range(3)]
    assert levels == [Level.FAINT, Level.WARM, Level.FAINT]


@pytest.mark.parametrize(
    ("pct", "level"),
    [(150.0, Level.HOT), (90.0, Level.WARM), (9.9, Level.PLAIN), (0.0, Level.FAINT)],
)
def test_a_share_of_cores_has_the_levels_of_cpu(pct: float, level: Level) -> None:
    frame = replace(Life().at(1.0), extra={"cost": np.full(1, pct)})
    assert percent_level("cost")(frame, 0) is level


def test_only_a_list_with_exits_has_rows_of_them() -> None:
    frame = Life().at(1.0, [end(100)])
    assert not are_exited_rows(frame, np.arange(1)).any()
    listed = with_exited(frame, 5.0, frozenset())
    assert np.count_nonzero(are_exited_rows(listed, np.arange(4))) == 1

"""Which moment a time means, where the clock showed it more than once."""

import numpy as np
import pytest

from montauk_tui.recorder.meant import begin_at, end_at
from montauk_tui.recorder.times import Asked

SECOND = 1.0
BACK = (*range(100, 110), *range(103, 115))
"""Set back by 7 s after the tenth sample."""
TWO_BACK = (*BACK, *range(103, 120))


def begin(walls: tuple[int, ...], *wanted: float, which: str = "") -> tuple[int, str]:
    wall_s = np.array(walls, dtype=np.float64)
    asked = Asked("T", wanted, which)
    found = begin_at(asked, wall_s, np.full(len(wall_s), SECOND))
    return found.number, found.remark


def end(
    walls: tuple[int, ...], *wanted: float, which: str = "", usual: str = "last"
) -> tuple[int, str]:
    wall_s = np.array(walls, dtype=np.float64)
    asked = Asked("T", wanted, which)
    found = end_at(asked, wall_s, np.full(len(wall_s), SECOND), usual)
    assert found.is_twice == ("showed" in found.remark)
    return found.number, found.remark


def twice(this: str, times: str = "twice") -> str:
    other = "last" if this == "first" else "first"
    return (
        f"the clock showed 'T' {times}: this is the {this}, 'T {other}' is the {other}"
    )


def test_a_part_begins_at_the_first_and_ends_at_the_last() -> None:
    assert begin(BACK, 105) == (5, twice("first"))
    assert end(BACK, 105) == (12, twice("last"))
    assert begin(TWO_BACK, 105) == (5, twice("first", "3 times"))
    assert end(TWO_BACK, 105) == (24, twice("last", "3 times"))


def test_a_moment_is_the_first() -> None:
    assert end(BACK, 105, usual="first") == (5, twice("first"))


@pytest.mark.parametrize(("which", "number"), [("first", 5), ("last", 12)])
def test_what_is_asked_for_is_not_said(which: str, number: int) -> None:
    assert begin(BACK, 105, which=which) == (number, "")
    assert end(BACK, 105, which=which) == (number, "")


def test_a_time_that_was_there_once_is_found_wherever_it_is() -> None:
    assert begin(BACK, 101, which="last") == (1, "")
    assert begin(BACK, 112) == end(BACK, 112) == (19, "")


def test_two_wall_clocks_of_one_local_time_are_two_times() -> None:
    walls = (*range(100, 110), *range(3_700, 3_710))
    assert begin(walls, 105, 3_705) == (5, twice("first"))
    assert end(walls, 105, 3_705) == (15, twice("last"))


@pytest.mark.parametrize(("walls", "number"), [(range(90, 110), 15), (range(200), 105)])
def test_one_of_them_that_was_not_recorded_does_not_count(
    walls: range, number: int
) -> None:
    assert begin(tuple(walls), 105, 3_705) == (number, "")
    assert end(tuple(walls), 105, 3_705) == (number, "")
    assert begin(tuple(walls), -3_705, 105) == (number, "")
    assert end(tuple(walls), -3_705, 105) == (number, "")


def test_beyond_the_ends_there_is_none() -> None:
    assert begin(BACK, 500) == (len(BACK), "")
    number, remark = end(BACK, 5)
    assert number == -1
    assert remark.startswith("'T': the first sample is of ")
    number, remark = end(BACK, 500)
    assert number == len(BACK) - 1
    assert remark.startswith("'T': the last sample is of ")
    assert begin(BACK, 5)[1].startswith("'T': the recording begins ")


def test_in_a_gap_the_neighbours_are_named() -> None:
    walls = (*range(100, 110), *range(200, 210))
    number, remark = begin(walls, 150)
    assert number == 10
    assert remark.startswith("'T': nothing was recorded until ")
    number, remark = end(walls, 150)
    assert number == 9
    assert "no sample between " in remark
    assert remark.endswith("; this is the earlier one")


def test_a_gap_that_has_both_of_two_times_is_said_as_a_gap() -> None:
    walls = (*range(100, 110), *range(9_000, 9_010))
    number, remark = end(walls, 1_000, 4_600)
    assert number == 9
    assert "no sample between " in remark
    assert begin(walls, 1_000, 4_600)[0] == 10

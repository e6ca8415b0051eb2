"""User mode and kernel in the CPU time of an interval."""

import pytest

from montauk_tui.engine.interval.modes import (
    children_share,
    user_share,
    user_share_of_exits,
)
from tests.support.builders import Row, make_frame, make_sample
from tests.support.exits import make_exits

BEFORE = make_sample(
    [
        {"pid": 1, "utime": 100, "stime": 0},
        {"pid": 2, "utime": 30, "stime": 10},
        {"pid": 3, "utime": 50, "stime": 50},
        {"pid": 4, "utime": 10, "stime": 30},
    ]
)


def test_the_share_is_that_of_the_interval() -> None:
    now = make_sample(
        [
            # 10 in user mode and 30 in the kernel since.
            {"pid": 1, "utime": 110, "stime": 30},
            # Nothing since: the share of all.
            {"pid": 2, "utime": 30, "stime": 10},
            # It went back in one mode (cputime_adjust divides anew).
            {"pid": 3, "utime": 40, "stime": 70},
            # Another process of this pid.
            {"pid": 4, "utime": 3, "stime": 1, "start_ticks": 2_000},
            # Nothing at all, and unknown.
            {"pid": 5},
            {"pid": 6, "utime": None},
        ],
        after_s=1.0,
    )
    shares = user_share(BEFORE, now)
    assert shares.tolist() == pytest.approx([0.25, 0.75, 0.0, 0.75, 1.0, 1.0])


def test_exits_have_the_share_since_the_last_sample() -> None:
    ends: list[Row] = [
        {"pid": 1, "utime_ns": 1_100_000_000, "stime_ns": 300_000_000},
        {"pid": 9, "utime_ns": 10, "stime_ns": 30},
        {"pid": 10, "utime_ns": None, "stime_ns": None},
    ]
    now = make_sample(after_s=1.0, exits=make_exits(ends))
    assert user_share_of_exits(BEFORE, now).tolist() == pytest.approx([0.25, 0.25, 1.0])


def test_without_exits_there_are_no_shares() -> None:
    assert len(user_share_of_exits(BEFORE, make_sample(after_s=1.0))) == 0


def test_two_collectors_count_in_other_units() -> None:
    row = {"pid": 1, "utime": 1_100_000_000, "stime": 300_000_000}
    now = make_sample([row], after_s=1.0, ticks_per_second=10**9)
    assert user_share(BEFORE, now).tolist() == pytest.approx([0.25])


def test_children_have_the_share_of_what_was_credited() -> None:
    rows = [{"pid": 1, "cutime": 3, "cstime": 1}, {"pid": 2}]
    frame = make_frame(None, make_sample(rows))
    assert children_share(frame).tolist() == [0.75, 1.0]

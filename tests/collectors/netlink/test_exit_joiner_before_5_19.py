"""Exits from the accounting of kernels before 5.19."""

from typing import Any

import pytest

from tests.collectors.netlink.story import (
    BORN_NS,
    NOW_NS,
    SECOND,
    Story,
    event,
    of,
    old,
    old_group,
    row,
)


def test_an_older_kernels_records_of_threads_are_nobodys_end() -> None:
    story = Story(row(5, threads=3), tells=False)
    threads = [old(6), old(7)]
    assert story.reported(row(5), threads=threads) == []
    assert [story.reported(row(5)) for _ in range(4)] == [[]] * 4


@pytest.mark.parametrize("known_by", ["row", "fork", "event"])
def test_an_older_kernels_leader_is_known_by_its_id(known_by: str) -> None:
    story = Story(*([row(5)] if known_by == "row" else []), tells=False)
    what: dict[str, Any] = {"threads": [old(5, run_ns=8), old(6, run_ns=9)]}
    if known_by == "event":
        what["exits"] = [event(5)]
        found = story.join(**what)
        assert of(found, "pid", "run_ns", "io_is_known") == [5, 8, True]
        return
    if known_by == "fork":
        what["forks"] = [event(5, NOW_NS - SECOND)]
    assert story.reported(**what) == []
    assert of(story.join(), "pid", "run_ns", "has_event") == [5, 8, False]


def test_an_older_kernels_sum_replaces_the_leaders_record() -> None:
    """In one interval or in two: one end, with the run time of all."""
    threads = [old(5, run_ns=8, code=0x100), old_group(6, 5, run_ns=99, code=0)]
    for split in (1, 2):
        story = Story(row(5, threads=2), tells=False)
        early, late = threads[:split], threads[split:]
        leaderless = [row(5, state="Z", threads=2)] * (2 - split)
        found = story.join(*leaderless, exits=[event(5, code=0x100)], threads=early)
        if late:
            assert len(found.exits) == 0
            found = story.join(threads=late)
        assert of(found, "pid", "run_ns", "is_group") == [5, 99, True]
        assert of(found, "io_is_known", "has_event") == [False, True]
        assert of(found, "elapsed_us") == [(NOW_NS - BORN_NS) // 1000]
        assert story.reported() == []


def test_an_older_kernel_does_not_tell_how_a_leaderless_process_ended() -> None:
    story = Story(row(5, threads=2), tells=False)
    leaderless = row(5, state="Z", threads=2)
    story.join(leaderless, exits=[event(5, code=0)], threads=[old(5)])
    found = story.join(threads=[old_group(6, 5)])
    assert of(found, "code_is_known") == [False]


def test_an_older_kernel_tells_how_ended_who_ended_as_a_whole() -> None:
    found = Story(row(5, threads=2), tells=False).join(
        exits=[event(5, code=0x400)],
        threads=[old(5, code=0x400), old(6), old_group(7, 5)],
    )
    assert of(found, "code", "code_is_known") == [0x400, True]

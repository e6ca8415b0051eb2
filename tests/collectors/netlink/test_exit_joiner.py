"""Who ended, from events and accounting made by hand."""

from typing import Any

import pytest

from montauk_tui.model.schema import PF_EXITING, UNKNOWN
from tests.collectors.netlink.story import (
    BORN_NS,
    NOW_NS,
    SECOND,
    TICK_NS,
    Story,
    event,
    of,
    old_group,
    row,
    ticks,
)

# --- processes of one thread ----------------------------------------------------------


def test_an_event_and_its_accounting_are_one_end() -> None:
    found = Story(row(5)).join(
        exits=[event(5, code=0x300, ppid=4)],
        threads=[{
            "tgid": 5, "ppid": 1, "uid": 7, "code": 0x300, "run_ns": 11,
            "utime_us": 12, "stime_us": 13, "elapsed_us": 14, "peak_rss_bytes": 15,
            "read_bytes": 16, "write_bytes": 17, "cancelled_bytes": 18,
            "comm": b"name",
        }],
    )  # fmt: skip
    [end] = found.exits
    values = {name: end[name].item() for name in end.dtype.names}
    assert values == {
        "pid": 5, "ppid": 1, "time_ns": NOW_NS, "code": 0x300, "uid": 7, "run_ns": 11,
        "utime_us": 12, "stime_us": 13, "elapsed_us": 14, "peak_rss_bytes": 15,
        "read_bytes": 16, "write_bytes": 17, "cancelled_bytes": 18, "waited": 0,
        "start_ticks": ticks(BORN_NS),
        "fork_parent": 0, "fork_ns": 0, "has_event": True, "has_stats": True,
        "is_group": False, "is_zombie": False, "leader_exited": False,
        "code_is_known": True, "io_is_known": True, "comm": b"name",
    }  # fmt: skip
    assert (found.without_event, found.replaced_by_exec) == (0, 0)


@pytest.mark.parametrize("counts_io", [True, False])
def test_io_is_known_where_the_kernel_counts_it(counts_io: bool) -> None:  # noqa: FBT001
    story = Story(row(5), counts_io=counts_io)
    found = story.join(exits=[event(5)], threads=[{"tgid": 5}])
    assert of(found, "io_is_known", "code_is_known") == [counts_io, True]


@pytest.mark.parametrize("tells", [True, False])
def test_an_end_is_told_once(tells: bool) -> None:  # noqa: FBT001
    story = Story(row(5), tells=tells)
    threads = [{"tid": 5, "tgid": 5 if tells else 0, "is_last": tells}]
    assert story.reported(exits=[event(5)], threads=threads) == [5]
    assert [story.reported() for _ in range(5)] == [[]] * 5


def test_many_ends_get_each_its_own_accounting() -> None:
    pids = list(range(10, 200))
    found = Story(*map(row, pids)).join(
        exits=[event(pid, code=pid) for pid in reversed(pids)],
        threads=[{"tgid": pid, "code": pid, "run_ns": pid * 3} for pid in pids],
    )
    exits = found.exits
    assert sorted(exits["pid"].tolist()) == pids
    assert (exits["run_ns"] == exits["pid"] * 3).all()
    assert (exits["code"] == exits["pid"]).all()


def test_an_event_whose_accounting_was_lost_is_told_at_once() -> None:
    story = Story(row(5))
    found = story.join(exits=[event(5, code=9, ppid=3)])
    assert of(found, "has_event", "has_stats") == [True, False]
    assert of(found, "ppid", "code", "run_ns") == [3, 9, 0]
    assert of(found, "elapsed_us") == [(NOW_NS - BORN_NS) // 1000]
    assert story.reported() == []


def test_accounting_whose_event_was_lost_is_told_once_and_late() -> None:
    story = Story(row(5))
    assert story.reported(threads=[{"tgid": 5, "run_ns": 8}]) == []
    found = story.join()
    assert found.without_event == 1
    assert of(found, "pid", "time_ns", "run_ns", "has_event") == [5, 0, 8, False]
    assert [story.reported() for _ in range(5)] == [[]] * 5


def test_an_event_a_moment_after_its_accounting_is_no_loss() -> None:
    story = Story(row(5))
    assert story.reported(threads=[{"tgid": 5, "run_ns": 8}]) == []
    found = story.join(exits=[event(5)])
    assert of(found, "has_event", "run_ns") == [True, 8]
    assert found.without_event == 0


def test_an_end_behind_the_reading_of_the_table_waits_for_the_next() -> None:
    story = Story(row(5))
    assert story.reported(row(5), exits=[event(5)], threads=[{"tgid": 5}]) == []
    found = story.join()
    assert of(found, "pid", "start_ticks") == [5, ticks(BORN_NS)]


def test_a_zombie_is_told_once_and_not_again_when_it_is_gone() -> None:
    zombie = row(5, state="Z")
    story = Story(row(5))
    found = story.join(zombie, exits=[event(5)], threads=[{"tgid": 5}])
    assert of(found, "pid", "is_zombie", "leader_exited") == [5, True, False]
    assert [story.reported(zombie) for _ in range(4)] == [[]] * 4
    assert [story.reported() for _ in range(4)] == [[]] * 4


def test_a_zombie_that_was_never_a_row_starts_as_its_row_says() -> None:
    zombie = row(5, BORN_NS + SECOND, state="Z")
    found = Story().join(
        zombie, exits=[event(5)], threads=[{"tgid": 5, "elapsed_us": 1}]
    )
    assert of(found, "start_ticks") == [ticks(BORN_NS + SECOND)]


def test_who_lives_on_for_long_was_not_the_one_that_ended() -> None:
    """Its pid was reused, or it went through an exec that was lost."""
    story = Story(row(5))
    assert story.reported(row(5), exits=[event(5)], threads=[{"tgid": 5}]) == []
    for _ in range(4):
        assert story.reported(row(5)) == []
    assert story.reported() == [], "not told when the other one ends without a word"


# --- starts ---------------------------------------------------------------------------


def test_a_row_of_before_keeps_its_start_whatever_the_accounting_says() -> None:
    found = Story(row(5, BORN_NS + 9)).join(
        exits=[event(5)], threads=[{"tgid": 5, "elapsed_us": 123}]
    )
    assert of(found, "start_ticks", "elapsed_us") == [ticks(BORN_NS), 123]


def test_a_short_life_starts_with_its_fork() -> None:
    forked_ns = NOW_NS - 30 * TICK_NS
    found = Story().join(
        forks=[event(5, forked_ns, ppid=40)],
        exits=[event(5)],
        threads=[{"tgid": 5, "elapsed_us": 123}],
    )
    assert of(found, "start_ticks", "fork_parent") == [ticks(forked_ns), 40]
    assert of(found, "elapsed_us") == [123]


def test_without_accounting_a_short_life_lasts_from_fork_to_end() -> None:
    found = Story().join(forks=[event(5, NOW_NS - 77_000)], exits=[event(5)])
    assert of(found, "elapsed_us") == [77]


def test_a_fork_of_the_interval_before_is_remembered() -> None:
    """Of a process that was forked behind the reading of the table."""
    story = Story()
    assert story.reported(forks=[event(5, NOW_NS - SECOND, ppid=40)]) == []
    found = story.join(exits=[event(5)], threads=[{"tgid": 5, "elapsed_us": 1}])
    assert of(found, "start_ticks", "fork_parent") == [ticks(NOW_NS - SECOND), 40]


def test_a_fork_is_not_that_of_the_next_owner_of_a_pid() -> None:
    story = Story()
    assert story.reported(
        forks=[event(5, NOW_NS - 1000, ppid=40)], exits=[event(5)]
    ) == [5]
    found = story.join(exits=[event(5, NOW_NS + SECOND)])
    assert of(found, "start_ticks", "fork_parent") == [UNKNOWN, 0]


def test_a_start_that_nobody_told_is_not_the_moment_of_the_end() -> None:
    """Of one that is older than the first sample, or whose fork was lost."""
    found = Story().join(exits=[event(5)])
    assert of(found, "start_ticks", "elapsed_us") == [UNKNOWN, UNKNOWN]
    story = Story(row(5), tells=False)
    found = story.join(exits=[event(6)], threads=[old_group(7, 6, elapsed_us=3)])
    assert of(found, "start_ticks", "elapsed_us") == [UNKNOWN, UNKNOWN]
    found = Story().join(row(5, state="Z"), exits=[event(5)])
    life_us = (NOW_NS - BORN_NS) // 1000
    assert of(found, "start_ticks", "elapsed_us") == [ticks(BORN_NS), life_us]


def test_a_start_that_nobody_saw_comes_from_the_accounting() -> None:
    found = Story().join(
        exits=[event(5)], threads=[{"tgid": 5, "elapsed_us": 2_000_000}]
    )
    assert of(found, "start_ticks") == [ticks(NOW_NS - 2 * SECOND)]


def test_a_pid_that_is_reused_within_an_interval_is_three_processes() -> None:
    second_ns, third_ns = NOW_NS + SECOND, NOW_NS + 3 * SECOND
    living = row(5, third_ns)
    story = Story(row(5))
    exits = story.join(
        living,
        forks=[event(5, second_ns, ppid=41), event(5, third_ns, ppid=42)],
        execs=[event(5, second_ns + 10_000), event(5, third_ns + 10_000)],
        exits=[event(5, code=1), event(5, NOW_NS + 2 * SECOND, code=2)],
        threads=[
            {"tgid": 5, "run_ns": 1, "code": 1}, {"tgid": 5, "run_ns": 2, "code": 2},
        ],
    ).exits  # fmt: skip
    assert exits["run_ns"].tolist() == exits["code"].tolist() == [1, 2]
    assert exits["start_ticks"].tolist() == [ticks(BORN_NS), ticks(second_ns)]
    assert exits["fork_parent"].tolist() == [0, 41]
    found = story.join(exits=[event(5, NOW_NS + 4 * SECOND)], threads=[{"tgid": 5}])
    assert of(found, "start_ticks") == [ticks(third_ns)]
    assert story.reported() == []


# --- threads --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown", [{"state": "Z"}, {"state": "S", "flags": PF_EXITING}], ids=["Z", "S"]
)
def test_a_process_ends_with_its_last_thread_not_with_its_leader(
    shown: dict[str, Any],
) -> None:
    leaderless = row(5, threads=2, **shown)
    story = Story(row(5, threads=3))
    leader = {"tgid": 5, "tid": 5, "is_last": False, "utime_us": 10, "read_bytes": 100}
    assert story.reported(leaderless, exits=[event(5)], threads=[leader]) == []
    for _ in range(6):
        assert story.reported(leaderless) == [], "however long its threads go on"
        assert story.joiner.waiting.tolist() == [], "nor is it an end to come"
        assert story.joiner.exited_leaders == 1
    other = {
        "tgid": 5,
        "tid": 6,
        "is_last": False,
        "utime_us": 20,
        "write_bytes": 7,
        "cancelled_bytes": 3,
    }
    last = {
        "tgid": 5, "tid": 7, "is_group": True, "utime_us": 40, "stime_us": 1,
        "run_ns": 99, "code": 0x700, "read_bytes": 1000, "elapsed_us": 55,
    }  # fmt: skip
    found = story.join(threads=[other, last])
    assert story.joiner.exited_leaders == 0
    assert of(found, "pid", "run_ns", "code", "elapsed_us") == [5, 99, 0x700, 55]
    assert of(found, "utime_us", "stime_us") == [70, 1]
    assert of(found, "read_bytes", "write_bytes", "cancelled_bytes") == [1100, 7, 3]
    assert of(found, "start_ticks", "has_event") == [ticks(BORN_NS), True]


def test_an_exit_of_who_lives_on_is_given_up_and_was_no_end() -> None:
    """Another thread may have taken its pid by an exec whose event was lost."""
    story = Story(row(5))
    found = story.join(row(5), exits=[event(5)])
    assert story.joiner.waiting.tolist() == [5]
    while not found.replaced_by_exec:
        assert story.joiner.waiting.tolist() == [5]
        found = story.join(row(5))
    assert (len(found.exits), found.replaced_by_exec) == (0, 1)
    assert story.joiner.waiting.tolist() == []


def test_accounting_without_an_event_is_unheard_of_for_one_sample() -> None:
    story = Story(row(5), row(6))
    found = story.join(threads=[{"tgid": 5}, {"tgid": 6}])
    assert (len(found.exits), found.unheard) == (0, 2)
    found = story.join(exits=[event(6)])
    assert sorted(found.exits["pid"].tolist()) == [5, 6]
    assert (found.without_event, found.unheard) == (1, 0)


def test_what_threads_used_is_not_left_for_another_of_that_pid() -> None:
    story = Story(row(5))
    thread = {"tgid": 5, "tid": 6, "is_last": False, "read_bytes": 100}
    last = {"tgid": 5, "is_group": True, "read_bytes": 1}
    found = story.join(exits=[event(5)], threads=[thread, last])
    assert of(found, "read_bytes") == [101]
    found = story.join(
        forks=[event(5, NOW_NS + SECOND)],
        exits=[event(5, NOW_NS + 2 * SECOND)],
        threads=[last],
    )
    assert of(found, "read_bytes") == [1]


def test_a_leader_that_made_way_for_an_exec_has_not_ended() -> None:
    story = Story(row(5, threads=2))
    leader = {"tgid": 5, "tid": 5, "is_last": False, "read_bytes": 100}
    found = story.join(
        row(5),
        exits=[event(5, NOW_NS)],
        execs=[event(5, NOW_NS + 5_000)],
        threads=[leader],
    )
    assert (len(found.exits), found.replaced_by_exec) == (0, 1)
    last = {"tgid": 5, "is_group": True, "code": 0x200, "read_bytes": 1}
    found = story.join(exits=[event(5, NOW_NS + SECOND, code=0x200)], threads=[last])
    assert of(found, "code", "time_ns") == [0x200, NOW_NS + SECOND]
    assert of(found, "read_bytes") == [101]
    assert found.replaced_by_exec == 0


def test_an_exec_by_a_thread_and_the_real_end_in_one_interval() -> None:
    found = Story(row(5, threads=2)).join(
        exits=[event(5, NOW_NS, code=0), event(5, NOW_NS + SECOND, code=0x100)],
        execs=[event(5, NOW_NS + 5_000), event(5, NOW_NS + 90_000)],
        threads=[{"tgid": 5, "is_group": True, "code": 0x100, "run_ns": 3}],
    )
    assert of(found, "code", "time_ns", "run_ns") == [0x100, NOW_NS + SECOND, 3]
    assert found.replaced_by_exec == 1


def test_an_exec_that_is_told_an_interval_after_the_leaders_exit() -> None:
    story = Story(row(5, threads=2))
    leaderless = row(5, state="Z", threads=2)
    assert story.reported(leaderless, exits=[event(5)]) == []
    found = story.join(row(5), execs=[event(5, NOW_NS + SECOND)])
    assert (len(found.exits), found.replaced_by_exec) == (0, 1)
    assert story.reported(exits=[event(5, NOW_NS + 2 * SECOND)]) == [5]


def test_an_exec_before_the_end_does_not_undo_it() -> None:
    found = Story().join(
        forks=[event(5, NOW_NS - 20_000)],
        execs=[event(5, NOW_NS - 10_000)],
        exits=[event(5)],
    )
    assert of(found, "pid") == [5]
    assert found.replaced_by_exec == 0


def test_an_exec_of_the_next_owner_of_a_pid_does_not_undo_an_end() -> None:
    found = Story(row(5)).join(
        row(5, NOW_NS + SECOND),
        exits=[event(5)],
        forks=[event(5, NOW_NS + SECOND)],
        execs=[event(5, NOW_NS + SECOND + 10_000)],
    )
    assert of(found, "pid", "start_ticks") == [5, ticks(BORN_NS)]
    assert found.replaced_by_exec == 0

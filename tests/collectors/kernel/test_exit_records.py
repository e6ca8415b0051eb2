"""Ends that wait until their CPU time is complete, on records made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.kernel.records import (
    EXEC,
)
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN
from tests.collectors.kernel.story import (
    END,
    LATE,
    NOW,
    SECOND,
    START,
    Story,
    cpu_ns,
    final,
    life,
    zombie,
)
from tests.support.builders import make_table

# --- when an end is complete ----------------------------------------------------------


def test_an_end_whose_last_moment_is_known_at_once(story: Story) -> None:
    ended = story.take([life(5, own_ns=10, others_ns=3)], [final(5, 70)])
    assert ended.exits.pid.tolist() == [5]
    assert cpu_ns(ended.exits) == [70]
    assert len(ended.waiting) == 0


def test_an_end_waits_for_its_last_moment(story: Story) -> None:
    ending = life(5, own_ns=10, others_ns=3, ppid=4, uid=7, cgroup_id=9)
    first = story.take([ending], table=make_table([{"pid": 7}]))
    assert len(first.exits) == 0
    assert first.waiting.pid.tolist() == [5]
    assert cpu_ns(first.waiting) == [13]
    row = {
        name: int(getattr(first.waiting, name)[0])
        for name in ("tgid", "ppid", "uid", "state", "start_ticks", "cgroup_id")
    }
    assert row == {
        "tgid": 5,
        "ppid": 4,
        "uid": 7,
        "state": ord("X"),
        "start_ticks": START // 10**7,
        "cgroup_id": 9,
    }
    assert not first.waiting.is_kernel[0]
    second = story.take(finals=[final(5, 70)])
    assert cpu_ns(second.exits) == [70]
    assert len(second.waiting) == 0
    third = story.take(finals=[final(5, 70)], now_ns=LATE)
    assert len(third.exits) == len(third.waiting) == 0


def test_who_waits_has_its_io_where_others_have(story: Story) -> None:
    """Unknown in between, what it did since the last sample would be unknown, too.

    Nor has it a cgroup on a kernel that does not tell that of others.
    """
    ending = life(5, read_bytes=4096, write_bytes=512)
    others = make_table([{"pid": 7}])
    lacking = frozenset({"read_bytes", "write_bytes", "cgroup_id"})
    waiting = story.take([ending], table=others.without(lacking)).waiting
    assert not lacking & waiting.names
    waiting = story.take(table=others).waiting
    assert waiting.pid.tolist() == [5]
    assert (waiting.read_bytes[0], waiting.write_bytes[0]) == (4096, 512)


def test_a_kernel_thread_that_waits_is_one_still_and_what_ran_a_program_is_none() -> (
    None
):
    kthreadd = make_table([{"pid": 2, "ppid": 0, "flags": PF_KTHREAD}])
    ends = [life(5, ppid=2), life(6, ppid=2, argv_bytes=9), life(7, ppid=2), life(8)]
    waiting = Story().take([life(7, EXEC, argv_bytes=9), *ends], table=kthreadd).waiting
    assert waiting.pid[waiting.is_kernel].tolist() == [5]


def test_an_end_has_never_less_time_than_was_known_at_its_exit(story: Story) -> None:
    ended = story.take([life(6, own_ns=10, others_ns=50)], [final(6, 20)])
    assert cpu_ns(ended.exits) == [60]


def test_a_last_moment_that_is_read_before_its_end(story: Story) -> None:
    assert len(story.take(finals=[final(5, 70)]).exits) == 0
    story.take([life(6)])
    assert cpu_ns(story.take([life(5, own_ns=10)]).exits) == [70]
    again = story.take([life(5, own_ns=10)])
    assert len(again.exits) == 0, "it is used up"


def test_the_last_moment_of_another_completes_nothing(story: Story) -> None:
    others = [final(6, 70), final(5, 70, start_ns=START + 1)]
    assert len(story.take([life(5)], others).exits) == 0


def test_the_last_moment_counts_where_the_snapshot_shows_a_zombie(
    story: Story,
) -> None:
    """The snapshot was taken before, maybe before the last thread ran on."""
    table = make_table([zombie(5, 40)])
    ended = story.take([life(5, own_ns=10)], [final(5, 70)], table, settled=[5])
    assert cpu_ns(ended.exits) == [70]
    assert story.completer.lost_cpu_times == 0


def test_an_end_is_complete_as_a_zombie_that_left_its_cpu(story: Story) -> None:
    table = make_table([zombie(5, 90)])
    first = story.take([life(5, own_ns=10)], table=table)
    assert len(first.exits) == 0
    assert len(first.waiting) == 0, "the zombie is a row of its own"
    second = story.take(table=table, settled=[5])
    assert cpu_ns(second.exits) == [90]
    for late in (NOW, LATE):
        again = story.take(table=table, settled=[5], now_ns=late)
        assert len(again.exits) == 0, "no end twice"
    reaped = story.take(finals=[final(5, 91)])
    assert len(reaped.exits) == len(reaped.waiting) == 0


def test_a_zombie_of_another_identity_completes_nothing(story: Story) -> None:
    table = make_table([{**zombie(5, 90), "start_ticks": 7}])
    assert len(story.take([life(5)], table=table, settled=[5]).exits) == 0


def test_a_zombie_whose_last_thread_was_another_waits_for_that_one(
    story: Story,
) -> None:
    """The one that ran last is no longer in the snapshot, and its time not final."""
    end = life(5, last_ns=START + 9, own_ns=10, others_ns=3)
    table = make_table([zombie(5, 3)])
    assert len(story.take([end], table=table, settled=[5]).exits) == 0
    ended = story.take(
        finals=[final(5, 70, start_ns=START + 9)], table=table, settled=[5]
    )
    assert cpu_ns(ended.exits) == [70]


def test_a_zombie_whose_other_threads_may_still_run_waits_for_them(
    story: Story,
) -> None:
    table = make_table([zombie(5, 90)])
    first = story.take([life(5, own_ns=10, threads=2)], table=table, settled=[5])
    assert len(first.exits) == 0
    assert story.completer.waiting.tolist() == [5]
    ended = story.take(finals=[final(5, 170)], table=table, settled=[5])
    assert cpu_ns(ended.exits) == [170]


def test_a_zombie_of_many_threads_has_the_time_of_the_snapshot_in_the_end(
    story: Story,
) -> None:
    """Where threads are watched when they are freed, it has no record until then."""
    table = make_table([zombie(5, 90)])
    story.take([life(5, own_ns=10, threads=2)], table=table, settled=[5])
    ended = story.take(table=table, settled=[5], now_ns=LATE)
    assert cpu_ns(ended.exits) == [90]
    assert story.completer.lost_cpu_times == 0


def test_patience_ends(story: Story) -> None:
    story.take([life(5, own_ns=10, others_ns=3)])
    assert len(story.take(now_ns=END + 10 * SECOND).exits) == 0
    ended = story.take(now_ns=END + 10 * SECOND + 1)
    assert cpu_ns(ended.exits) == [13]
    assert story.completer.lost_cpu_times == 1
    assert len(story.take(finals=[final(5, 70)], now_ns=LATE).exits) == 0


def test_who_takes_long_to_end_is_waited_for(story: Story) -> None:
    """With much memory to free: it is a process still, and counts on."""
    dying = make_table([{**zombie(5, 90), "state": "R"}])
    assert len(story.take([life(5, own_ns=10)], table=dying, now_ns=LATE).exits) == 0
    ended = story.take(finals=[final(5, 95)], table=dying, now_ns=LATE)
    assert cpu_ns(ended.exits) == [95]
    assert story.completer.lost_cpu_times == 0


def test_all_ends_are_told_up_to_the_first_that_waits(story: Story) -> None:
    assert story.completer.reported_until_ns(NOW) == NOW
    story.take([life(5), life(6, time_ns=END + 1)])
    assert story.completer.reported_until_ns(NOW) == END - 1
    story.take(finals=[final(5, 1)])
    assert story.completer.reported_until_ns(NOW) == END
    assert story.completer.reported_until_ns(END - 5) == END - 5


def test_a_pid_that_is_reused_while_the_first_waits(story: Story) -> None:
    """Two ends of one pid: each with what is its own, and one row at a time."""
    young = START + 5 * SECOND
    two = [life(5, own_ns=1), life(5, start_ns=young, last_tid=2000, own_ns=2)]
    waiting = story.take(two).waiting
    assert waiting.pid.tolist() == [5]
    ended = story.take(
        finals=[final(5, 10), {"pid": 2000, "start_ns": young, "run_ns": 20}]
    )
    by_start = dict(
        zip(ended.exits.start_ticks.tolist(), cpu_ns(ended.exits), strict=True)
    )
    assert by_start == {START // 10**7: 10, young // 10**7: 20}


def test_who_waits_is_not_a_row_where_its_pid_lives_again(story: Story) -> None:
    table = make_table([{"pid": 5, "start_ticks": NOW // 10**7}])
    ended = story.take([life(5)], table=table)
    assert len(ended.waiting) == 0
    assert cpu_ns(story.take(finals=[final(5, 70)], table=table).exits) == [70]


EVENTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["exit", "free", "settle"]), st.integers(1, 6))),
    max_size=8,
)


@given(EVENTS)
def test_each_end_is_told_once_in_whatever_order(
    samples: list[list[tuple[str, int]]],
) -> None:
    story = Story()
    told: list[int] = []
    begun: set[int] = set()
    gone: set[int] = set()
    for number, events in enumerate([*samples, []]):
        exits = {pid for what, pid in events if what == "exit"} - begun
        begun |= exits
        frees = {pid for what, pid in events if what == "free"} & begun - gone
        gone |= frees
        is_last = number == len(samples)
        there = set() if is_last else begun - gone
        table = make_table([zombie(pid, 50) for pid in there])
        ended = story.take(
            [life(pid, own_ns=10) for pid in exits],
            [final(pid, 60) for pid in frees],
            table,
            [pid for what, pid in events if what == "settle"],
            LATE if is_last else NOW,
        )
        told += ended.exits.pid.tolist()
        assert set(ended.waiting.pid.tolist()).isdisjoint(table.pid.tolist())
        assert set(cpu_ns(ended.exits)) <= {10, 50, 60}
    assert sorted(told) == sorted(begun)


# --- what is told of an end -----------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "signal", "core"),
    [
        (0, 0, UNKNOWN, 0),
        (7 << 8, 7, UNKNOWN, 0),
        (255 << 8, 255, UNKNOWN, 0),
        (9, UNKNOWN, 9, 0),
        (11 | 0x80, UNKNOWN, 11, 1),
        (64, UNKNOWN, 64, 0),
    ],
)
def test_the_wait_status(
    story: Story, status: int, code: int, signal: int, core: int
) -> None:
    exits = story.take([life(5, code=status)], [final(5, 1)]).exits
    found = (exits.exit_code[0], exits.exit_signal[0], exits.core_dumped[0])
    assert found == (code, signal, core)


def test_every_column(story: Story) -> None:
    end = life(
        5, ppid=4, uid=3, utime=30, stime=10, read_bytes=11, write_bytes=12, threads=2,
        cgroup_id=13, rss_pages=2, peak_pages=3, argv=b"a\0b", argv_bytes=4,
    )  # fmt: skip
    exits = story.take([end], [final(5, 400)]).exits
    assert (exits.utime_ns[0], exits.stime_ns[0]) == (300, 100)
    assert exits.lifetime_ns[0] == END - START
    assert exits.peak_rss_bytes[0] * 2 == exits.rss_bytes[0] * 3 > 0
    assert exits.comm[0] == b"prog"
    for name, value in {
        "ppid": 4, "uid": 3, "read_bytes": 11, "write_bytes": 12, "threads": 2,
        "cgroup_id": 13, "start_ticks": START // 10**7, "cmdline_bytes": 4,
    }.items():  # fmt: skip
        assert getattr(exits, name)[0] == value, name


def test_a_process_of_one_thread_lived_as_long_as_it_ran(story: Story) -> None:
    """After the hook of its end it frees its memory, which takes CPU time."""
    run_ns = END - START + 100_000
    ran = [final(pid, run_ns) for pid in (5, 6, 7)]
    ends = [life(5, threads=1), life(6, threads=2), life(7, threads=1, others_ns=9)]
    exits = story.take(ends, ran).exits
    assert exits.lifetime_ns.tolist() == [run_ns, END - START, END - START]
    assert (exits.utime_ns + exits.stime_ns).tolist() == [run_ns] * 3

"""Ends that wait until their CPU time is complete, on records made by hand."""

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.kernel.exit_records import CompletedExits, ExitCompleter
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import (
    ARGV_BYTES,
    EXEC,
    EXIT,
    FINAL,
    LIFECYCLE,
)
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN
from tests.support.builders import make_table

HZ = 100
SECOND = 10**9
START = 50 * SECOND
END = 60 * SECOND
NOW = END + SECOND // 10
LATE = END + 30 * SECOND

Row = dict[str, Any]


def life(pid: int, kind: int = EXIT, **values: Any) -> Row:
    """Return the record of an exit, or an exec, of a process of one thread."""
    start = values.get("start_ns", START)
    return {
        "pid": pid, "ppid": 1, "kind": kind, "start_ns": start, "last_ns": start,
        "last_tid": pid + 1000, "time_ns": END, "comm": b"prog", **values,
    }  # fmt: skip


def final(pid: int, run_ns: int, **values: Any) -> Row:
    """Return the record of all run time, when the last thread has left its CPU."""
    record = {"pid": pid + 1000, "start_ns": START, "run_ns": run_ns}
    return {**record, "time_ns": END, **values}


def records(kind: np.dtype[np.void], rows: list[Row]) -> Records:
    made = np.zeros(len(rows), dtype=kind)
    for record, row in zip(made, rows, strict=True):
        for name, value in row.items():
            record[name] = value
    return made


class Story:
    """Samples one after the other."""

    def __init__(self) -> None:
        self.completer = ExitCompleter(HZ)

    def take(
        self,
        lifecycle: list[Row] | None = None,
        finals: list[Row] | None = None,
        table: ProcessTable | None = None,
        settled: list[int] | None = None,
        now_ns: int = NOW,
    ) -> CompletedExits:
        return self.completer.complete(
            records(LIFECYCLE, lifecycle or []),
            records(FINAL, finals or []),
            ProcessTable.empty() if table is None else table,
            np.array(settled or [], dtype=np.int64),
            now_ns,
        )


@pytest.fixture
def story() -> Story:
    return Story()


def cpu_ns(exits: ExitTable | ProcessTable) -> list[int]:
    if isinstance(exits, ExitTable):
        found: list[int] = (exits.utime_ns + exits.stime_ns).tolist()
    else:
        found = (exits.utime + exits.stime).tolist()
    return found


def zombie(pid: int, run_ns: int) -> Row:
    return {"pid": pid, "start_ticks": START // 10**7, "state": "Z", "utime": run_ns}


# --- when an end is complete ----------------------------------------------------------


def test_an_end_whose_last_moment_is_known_at_once(story: Story) -> None:
    ended = story.take([life(5, own_ns=10, others_ns=3)], [final(5, 70)])
    assert ended.exits.pid.tolist() == [5]
    assert cpu_ns(ended.exits) == [70]
    assert len(ended.waiting) == 0


def test_an_end_waits_for_its_last_moment(story: Story) -> None:
    first = story.take([life(5, own_ns=10, others_ns=3, ppid=4, uid=7)])
    assert len(first.exits) == 0
    assert first.waiting.pid.tolist() == [5]
    assert cpu_ns(first.waiting) == [13]
    row = {
        name: int(getattr(first.waiting, name)[0])
        for name in ("tgid", "ppid", "uid", "state", "start_ticks")
    }
    assert row == {
        "tgid": 5,
        "ppid": 4,
        "uid": 7,
        "state": ord("X"),
        "start_ticks": START // 10**7,
    }
    assert not first.waiting.is_kernel[0]
    second = story.take(finals=[final(5, 70)])
    assert cpu_ns(second.exits) == [70]
    assert len(second.waiting) == 0
    third = story.take(finals=[final(5, 70)], now_ns=LATE)
    assert len(third.exits) == len(third.waiting) == 0


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


# --- arguments ------------------------------------------------------------------------


def arguments(ended: CompletedExits) -> tuple[bytes, int]:
    return bytes(ended.exits.cmdline[0]), int(ended.exits.cmdline_bytes[0])


def test_the_arguments_of_the_end(story: Story) -> None:
    story.take([life(5, EXEC, argv=b"old\0name\0", argv_bytes=9)])
    end = life(5, argv=b"new\0", argv_bytes=4)
    assert arguments(story.take([end], [final(5, 1)])) == (b"new", 4)


def test_the_arguments_of_the_exec_where_the_memory_was_gone(story: Story) -> None:
    story.take([life(5, EXEC, argv=b"older\0", argv_bytes=6)])
    story.take([life(5, EXEC, argv=b"a\0b\0", argv_bytes=4)])
    ended = story.take([life(5)], [final(5, 1)])
    assert arguments(ended) == (b"a\0b", 4)


def test_the_last_exec_counts_whichever_cpu_is_read_last(story: Story) -> None:
    last = life(5, EXEC, argv=b"last\0", argv_bytes=5, time_ns=END - 1)
    first = life(5, EXEC, argv=b"first\0", argv_bytes=6, time_ns=END - 2)
    story.take([last, first])
    ended = story.take([life(5)], [final(5, 70)])
    assert ended.exits.cmdline.tolist() == [b"last"]


def test_the_arguments_of_another_with_the_same_pid_are_not_taken(
    story: Story,
) -> None:
    story.take([life(5, EXEC, start_ns=START - 1, argv=b"a\0", argv_bytes=2)])
    assert arguments(story.take([life(5)], [final(5, 1)])) == (b"", 0)


def test_an_exec_is_no_end(story: Story) -> None:
    ended = story.take([life(5, EXEC)], [final(5, 1)], now_ns=LATE)
    assert len(ended.exits) == len(ended.waiting) == 0


def test_what_an_older_record_left_in_the_slot_is_cut(story: Story) -> None:
    end = life(5, argv=b"ls\0rm -rf of another", argv_bytes=3)
    assert arguments(story.take([end], [final(5, 1)])) == (b"ls", 3)
    none = life(6, argv=b"of another", argv_bytes=0)
    assert arguments(story.take([none], [final(6, 1)])) == (b"", 0)


def test_arguments_that_do_not_fit(story: Story) -> None:
    end = life(5, argv=b"x" * (ARGV_BYTES - 1), argv_bytes=100_000)
    found, length = arguments(story.take([end], [final(5, 1)]))
    assert (found, length) == (b"x" * (ARGV_BYTES - 1), 100_000)


def test_arguments_do_not_pile_up(story: Story) -> None:
    for pid in range(1, 100):
        story.take([life(pid, EXEC, argv=b"a\0", argv_bytes=2)])
        story.take([life(pid)], [final(pid, 1)])
    assert story.completer._arguments == {}  # noqa: SLF001 - memory shows nowhere else


def test_memory_that_was_gone_before_the_end_was_told_is_unknown(story: Story) -> None:
    exits = story.take([life(9)], [final(9, 1)]).exits
    assert exits.rss_bytes.tolist() == exits.peak_rss_bytes.tolist() == [UNKNOWN]


@pytest.mark.parametrize(
    ("before", "peak", "told"),
    [(40, 41, 41), (40, 40, None), (0, 7, 7), (None, 7, None)],
)
def test_the_peak_is_the_programs_own_where_the_memory_was_gone(
    story: Story, before: int | None, peak: int, told: int | None
) -> None:
    """What the process had before its exec is in what the kernel keeps of it."""
    if before is not None:
        story.take([life(9, EXEC, peak_pages=before)])
    exits = story.take([life(9, peak_pages=peak)], [final(9, 1)]).exits
    expected = UNKNOWN if told is None else told * os.sysconf("SC_PAGE_SIZE")
    assert exits.peak_rss_bytes.tolist() == [expected]


def test_a_fork_that_was_seen_begins_with_no_peak() -> None:
    completer = ExitCompleter(HZ, START - 1)
    ends = records(
        LIFECYCLE, [life(9, peak_pages=7), life(8, start_ns=1, peak_pages=7)]
    )
    last = [final(9, 1), {**final(8, 1), "start_ns": 1}]
    nobody = np.empty(0, dtype=np.int64)
    exits = completer.complete(
        ends, records(FINAL, last), make_table([]), nobody, NOW
    ).exits
    peaks = dict(zip(exits.pid.tolist(), exits.peak_rss_bytes.tolist(), strict=True))
    assert peaks == {9: 7 * os.sysconf("SC_PAGE_SIZE"), 8: UNKNOWN}

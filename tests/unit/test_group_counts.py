"""What groups did in an interval: processes that exited are counted too."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine import query
from montauk_tui.engine.groups.assigned import OTHER, by_criterion, by_queries
from montauk_tui.engine.groups.counted import (
    COUNTERS,
    GAUGES,
    RESULTS,
    GroupCounting,
    GroupCounts,
)
from montauk_tui.engine.groups.criteria import CRITERIA, KERNEL
from montauk_tui.engine.history.update import remember
from montauk_tui.model.deaths import Death, OutOfMemory, SentAs, Task
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import History
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import PF_KTHREAD
from tests.support.builders import (
    BOOT_S,
    FakeLookups,
    Row,
    make_frame,
    make_sample,
    make_table,
)
from tests.support.exits import make_exits
from tests.support.starts import exec_, fork, make_starts

BOOT_NS = int(BOOT_S * 1e9)
NEW = int(BOOT_S * 100) + 50
"""A start in the interval, in ticks."""

COUNTED_BYTES = ("read_bytes", "write_bytes")

by_program = partial(by_criterion, criterion=CRITERIA["program"])


def frame_of(previous: Sample | None, current: Sample, *older: Frame) -> Frame:
    """Return a frame with the history of older ones."""
    frame = make_frame(previous, current)
    history = older[-1].history if older else History()
    history = remember(history, previous, current, frame.rates)
    return Frame(**{**_fields(frame), "history": history})


def _fields(frame: Frame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in Frame.__dataclass_fields__}


def counted(*frames: Frame, openings: tuple[int, ...] = ()) -> GroupCounts:
    """Return the counts of the last frame."""
    counting = GroupCounting(by_program)
    for number, frame in enumerate(frames):
        result = counting.count(frame, openings[number] if openings else 0)
    return result


def row_of(counts: GroupCounts, group: str) -> dict[str, float]:
    place = counts.names.index(group) if group in counts.names else -1
    grown = dict(zip(COUNTERS, counts.grown[place].tolist(), strict=True))
    held = dict(zip(GAUGES, counts.held[place].tolist(), strict=True))
    return {name: value for name, value in {**grown, **held}.items() if value}


def two(
    rows: list[dict[str, Any]], later: list[dict[str, Any]], **values: Any
) -> tuple[Frame, Frame]:
    before = make_sample(rows)
    now = make_sample(later, after_s=1.0, **values)
    first = frame_of(None, before)
    return first, frame_of(before, now, first)


def test_live_and_exited_processes_of_a_name_are_one_group() -> None:
    ends = [
        {"pid": 20, "comm": b"cc1", "start_ticks": NEW, "utime_ns": 3 * 10**8,
         "stime_ns": 10**8, "exit_code": 0},
        {"pid": 21, "comm": b"cc1", "start_ticks": NEW, "utime_ns": 10**8,
         "exit_code": 1},
    ]  # fmt: skip
    starts = [
        fork(20, BOOT_NS + 6 * 10**8, ppid=10),
        exec_(20, BOOT_NS + 7 * 10**8, ppid=10),
        fork(21, BOOT_NS + 6 * 10**8, ppid=10),
        fork(11, BOOT_NS + 6 * 10**8, ppid=10),
    ]
    first, second = two(
        [{"pid": 10, "comm": "cc1", "utime": 100, "threads": 2, "rss_bytes": 1000}],
        [
            {"pid": 10, "comm": "cc1", "utime": 130, "stime": 10, "threads": 3,
             "rss_bytes": 2000},
            {"pid": 11, "comm": "make", "start_ticks": NEW, "rss_bytes": 500},
        ],
        exits=make_exits(ends), starts=make_starts(starts),
    )  # fmt: skip
    counts = counted(first, second)
    assert row_of(counts, "cc1") == pytest.approx(
        {
            "user_s": 0.3 + 0.3 + 0.1, "kernel_s": 0.1 + 0.1, "exited_s": 0.5,
            "starts": 2, "ok": 1, "failed": 1,
            "processes": 1, "threads": 3, "rss_bytes": 2000,
        }
    )  # fmt: skip
    assert row_of(counts, "make") == {
        "starts": 1, "processes": 1, "threads": 1, "rss_bytes": 500,
    }  # fmt: skip
    assert counts.of("starts").sum() == 3
    assert counts.grown.shape == (3, len(COUNTERS))


def test_the_first_frame_says_only_what_is_held() -> None:
    ends = [{"pid": 20, "comm": b"cc1", "utime_ns": 10**8}]
    sample = make_sample([{"pid": 10, "comm": "cc1"}], exits=make_exits(ends))
    counts = counted(make_frame(None, sample))
    assert not counts.grown.any()
    assert row_of(counts, "cc1")["processes"] == 1


def test_a_fork_counts_for_its_parent_where_the_child_is_not_known() -> None:
    starts = [
        fork(90, BOOT_NS, ppid=10), fork(91, BOOT_NS, ppid=20),
        fork(92, BOOT_NS, ppid=93),
    ]  # fmt: skip
    ends = [{"pid": 20, "comm": b"sh", "start_ticks": NEW}]
    first, second = two(
        [], [{"pid": 10, "comm": "make"}],
        exits=make_exits(ends), starts=make_starts(starts),
    )  # fmt: skip
    counts = counted(first, second)
    assert row_of(counts, "make")["starts"] == 1
    assert row_of(counts, "sh")["starts"] == 1
    # Of the third nothing is known.
    assert row_of(counts, "")["starts"] == 1


def death(out_of_memory: OutOfMemory | None) -> Death:
    return Death(
        signal=9, sent_as=SentAs.BY_KERNEL, code=0x80, address=0, syscall=0, arch=0,
        sender=Task(1, 1, 0, b"x"), is_own=False, sender_exits=False,
        sender_is_init=False, out_of_memory=out_of_memory,
    )  # fmt: skip


def test_exits_are_counted_by_their_results() -> None:
    killed = {"exit_code": None, "exit_signal": 9}
    ends: list[Row] = [
        {"pid": 20, "exit_code": 0},
        {"pid": 21, "exit_code": 3},
        {"pid": 22, **killed},
        {"pid": 23, **killed, "death": death(OutOfMemory(None, None, None, None, 0))},
        {"pid": 24, **killed, "death": death(None), "core_dumped": 1},
        {"pid": 25, "exit_code": None},
    ]
    first, second = two([], [], exits=make_exits(ends), starts=make_starts([]))
    counts = counted(first, second)
    found = {name: counts.of(name)[0] for name in RESULTS}
    assert found == {"ok": 1, "failed": 1, "signal": 2, "oom": 1, "unknown": 1}


def test_another_collector_reports_the_same_events_once() -> None:
    ends = [
        {"pid": 20, "comm": b"sh", "start_ticks": NEW, "end_ns": BOOT_NS + 9 * 10**8}
    ]
    starts = [fork(20, BOOT_NS + 6 * 10**8, comm=b"sh")]
    events: dict[str, Any] = {"exits": make_exits(ends), "starts": make_starts(starts)}
    first, second = two([], [], **events)
    third = frame_of(
        second.sample,
        make_sample(
            after_s=2.0,
            exits=make_exits([*ends, {"pid": 30, "comm": b"sh"}]),
            starts=make_starts([*starts, fork(31, BOOT_NS, comm=b"sh", ppid=20)]),
        ),
        second,
    )
    assert row_of(counted(first, second), "sh")["ok"] == 1
    again = row_of(counted(first, second, third, openings=(0, 0, 1)), "sh")
    assert (again["ok"], again["starts"]) == (1, 1)
    # The same collector says it again only if it happened again.
    assert row_of(counted(first, second, third), "sh")["ok"] == 2


def test_bytes_of_a_process_that_exits_are_counted_once() -> None:
    first, second = two(
        [
            {"pid": 10, "comm": "dd", "read_bytes": 100, "write_bytes": 50},
            {"pid": 11, "comm": "dd", "read_bytes": 7, "write_bytes": 7},
        ],
        [
            # A zombie, which has a row beside its exit record.
            {"pid": 10, "comm": "dd", "read_bytes": 150, "write_bytes": 40,
             "state": "Z"},
            {"pid": 11, "comm": "dd", "read_bytes": 17, "write_bytes": None},
        ],
        exits=make_exits(
            [{"pid": 10, "comm": b"dd", "read_bytes": 160, "write_bytes": 60}]
        ),
        starts=make_starts([]),
    )  # fmt: skip
    row = row_of(counted(first, second), "dd")
    assert (row["read_bytes"], row["write_bytes"]) == (70, 10)


def test_bytes_that_are_not_read_count_as_nothing() -> None:
    rows = make_table([{"pid": 10, "comm": "dd"}]).without(COUNTED_BYTES)
    before = make_sample(processes=rows)
    now = make_sample(processes=rows, after_s=1.0)
    first = frame_of(None, before)
    row = row_of(counted(first, frame_of(before, now, first)), "dd")
    assert not {"read_bytes", "write_bytes"} & row.keys()


def test_without_exits_the_credit_of_a_parent_counts_for_its_group() -> None:
    first, second = two(
        [{"pid": 10, "comm": "make", "cutime": 0}],
        [{"pid": 10, "comm": "make", "cutime": 30, "cstime": 10}],
    )
    row = row_of(counted(first, second), "make")
    assert row["user_s"] == pytest.approx(0.3)
    assert row["kernel_s"] == pytest.approx(0.1)
    assert row["exited_s"] == pytest.approx(0.4)


@pytest.mark.parametrize("sees_exits", [True, False])
def test_the_cpu_time_of_all_groups_is_that_of_the_ledger(*, sees_exits: bool) -> None:
    ends = [
        {"pid": 11, "comm": b"sh", "utime_ns": 5 * 10**8, "stime_ns": 10**7},
        {"pid": 20, "comm": b"cc1", "start_ticks": NEW, "utime_ns": 3 * 10**8},
    ]
    events = {"exits": make_exits(ends), "starts": make_starts([])}
    first, second = two(
        [
            {"pid": 10, "comm": "make", "utime": 7},
            {"pid": 11, "comm": "sh", "utime": 9},
        ],
        [{"pid": 10, "comm": "make", "utime": 19, "stime": 3, "cutime": 40}],
        **(events if sees_exits else {}),
    )
    counts = counted(first, second)
    ledger = second.ledger
    assert ledger is not None
    assert ledger.exited_s is not None
    total_s = counts.of("user_s").sum() + counts.of("kernel_s").sum()
    assert ledger.exited_s == pytest.approx(counts.of("exited_s").sum())
    assert total_s == pytest.approx(ledger.live_s + ledger.exited_s)


def test_threads_and_exited_rows_are_not_processes() -> None:
    first, second = two(
        [],
        [
            {"pid": 10, "comm": "it", "threads": 2},
            {"pid": 11, "comm": "it", "tgid": 10},
            {"pid": 12, "comm": "it", "state": "X"},
        ],
    )
    assert row_of(counted(first, second), "it")["processes"] == 1


def test_kernel_threads_are_one_group() -> None:
    rows = [{"pid": 2, "comm": "kthreadd", "flags": PF_KTHREAD, "ppid": 0}]
    assert by_program(make_frame(None, make_sample(rows))).names == [KERNEL]


# --- queries --------------------------------------------------------------------------

QUERIES = {"web": query.parse("name = nginx"), "roots": query.parse("user = root")}
by_query = partial(by_queries, queries=QUERIES)


def test_the_first_query_that_matches_has_the_process() -> None:
    rows = [
        {"pid": 10, "comm": "nginx", "uid": 0},
        {"pid": 11, "comm": "sh", "uid": 0},
        {"pid": 12, "comm": "sh", "uid": 5},
        {"pid": 13, "comm": "sh", "uid": 0, "tgid": 12},
    ]
    ends = [
        {"pid": 20, "comm": b"sh", "uid": 5},
        {"pid": 21, "comm": b"nginx", "uid": 5},
        {"pid": 22, "comm": b"sh", "uid": 0},
    ]
    sample = make_sample(rows, exits=make_exits(ends), starts=make_starts([]))
    lookups = FakeLookups(users={0: "root", 5: "five"})
    assigned = by_query(make_frame(None, sample, lookups))
    assert assigned.names == ["web", "roots", OTHER]
    assert assigned.living.tolist() == [0, 1, 2]
    assert assigned.exits.tolist() == [2, 0, 1]


@pytest.mark.parametrize("exits", [None, make_exits([])])
def test_queries_without_exits(exits: Any) -> None:
    assigned = by_query(make_frame(None, make_sample([{"pid": 1}], exits=exits)))
    assert assigned.living.tolist() == [1]
    assert assigned.exits.dtype == np.int64
    assert len(assigned.exits) == 0

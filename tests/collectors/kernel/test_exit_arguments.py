"""Arguments and peaks of exited processes, on records made by hand."""

import os

import numpy as np
import pytest

from montauk_tui.collectors.kernel.exit_records import CompletedExits, ExitCompleter
from montauk_tui.collectors.kernel.records import (
    ARGV_BYTES,
    EXEC,
    FINAL,
    LIFECYCLE,
)
from montauk_tui.model.schema import UNKNOWN
from tests.collectors.kernel.story import (
    END,
    HZ,
    LATE,
    NOW,
    START,
    Story,
    final,
    life,
    records,
)
from tests.support.builders import make_table


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

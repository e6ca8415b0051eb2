"""Ends as rows of an exit table."""

from typing import Any

import numpy as np
import pytest

from montauk_tui.collectors.netlink.exit_table import exit_table
from montauk_tui.collectors.netlink.streams import ARGV_BYTES
from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.schema import UNKNOWN
from tests.collectors.netlink.messages import joined_exits

OFFSET_NS = 5 * 10**9


def one(cmdline: bytes = b"", run_ns: int = 0, **values: Any) -> ExitTable:
    run, uid = (np.array([number], dtype=np.int64) for number in (run_ns, 1000))
    return exit_table(
        joined_exits({"pid": 5, **values}), run, uid, [cmdline], OFFSET_NS
    )


def columns(table: ExitTable, *names: str) -> list[int]:
    return [int(getattr(table, name)[0]) for name in names]


STATUS = ("exit_code", "exit_signal", "core_dumped")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, [0, UNKNOWN, 0]),
        (0x0300, [3, UNKNOWN, 0]),
        (0xFF00, [255, UNKNOWN, 0]),
        (0x50300, [3, UNKNOWN, 0]),
        (9, [UNKNOWN, 9, 0]),
        (15, [UNKNOWN, 15, 0]),
        (0x80 | 11, [UNKNOWN, 11, 1]),
        (64, [UNKNOWN, 64, 0]),
    ],
)
def test_the_wait_status_tells_how_it_ended(status: int, expected: list[int]) -> None:
    assert columns(one(code=status), *STATUS) == expected
    assert columns(one(code=status, code_is_known=False), *STATUS) == [UNKNOWN] * 3


def test_what_the_accounting_tells_is_in_its_columns() -> None:
    table = one(
        b"prog\0-x\0", 4_000, ppid=4, start_ticks=77, time_ns=6, elapsed_us=8,
        utime_us=3, stime_us=1, peak_rss_bytes=10, read_bytes=11, write_bytes=12,
    )  # fmt: skip
    reported = {name: columns(table, name)[0] for name in EXIT_FIELDS}
    assert reported == {
        "pid": 5, "ppid": 4, "uid": 1000, "start_ticks": 77, "end_ns": OFFSET_NS + 6,
        "lifetime_ns": 8_000, "exit_code": 0, "exit_signal": UNKNOWN, "core_dumped": 0,
        "utime_ns": 3_000, "stime_ns": 1_000, "rss_bytes": UNKNOWN,
        "peak_rss_bytes": 10, "read_bytes": 11, "write_bytes": 12,
        "cgroup_id": UNKNOWN, "threads": 1, "cmdline_bytes": 8,
    }  # fmt: skip
    assert table.comm.tolist() == [b"prog"]
    # numpy ends a string at its last byte that is not 0.
    assert table.cmdline[0] == b"prog\0-x"


def test_without_accounting_what_it_would_tell_is_unknown() -> None:
    table = one(has_stats=False, code=0x200, elapsed_us=9)
    names = [
        "utime_ns", "stime_ns", "peak_rss_bytes", "read_bytes", "write_bytes",
        "threads", "rss_bytes", "cgroup_id",
    ]  # fmt: skip
    assert columns(table, *names) == [UNKNOWN] * len(names)
    assert columns(table, "exit_code", "lifetime_ns") == [2, 9_000]


@pytest.mark.parametrize(
    ("values", "lived_ns"),
    [
        ({"elapsed_us": 8}, 9_000),
        ({"elapsed_us": 10}, 10_000),
        ({"elapsed_us": 8, "is_group": True}, 8_000),
        ({"elapsed_us": 8, "has_stats": False}, 8_000),
        ({"elapsed_us": UNKNOWN}, UNKNOWN),
    ],
)
def test_a_process_of_one_thread_lived_as_long_as_it_ran(
    values: dict[str, int], lived_ns: int
) -> None:
    assert columns(one(b"", 9_000, **values), "lifetime_ns") == [lived_ns]


def test_without_an_event_the_moment_of_the_end_is_unknown() -> None:
    assert columns(one(has_event=False, run_ns=7), "end_ns", "utime_ns") == [UNKNOWN, 7]


def test_threads_of_a_group_and_io_of_one_thread_are_unknown() -> None:
    table = one(is_group=True, io_is_known=False, read_bytes=5, write_bytes=6)
    assert columns(table, "threads", "read_bytes", "write_bytes") == [UNKNOWN] * 3


@pytest.mark.parametrize(("cancelled", "written"), [(0, 12), (5, 7), (12, 0), (13, 0)])
def test_what_was_never_written_after_all_is_no_write(
    cancelled: int, written: int
) -> None:
    """A truncate is charged with what it cancels, whoever had written it."""
    table = one(write_bytes=12, cancelled_bytes=cancelled)
    assert columns(table, "write_bytes") == [written]


def test_no_peak_and_no_parent_are_unknown_rather_than_none() -> None:
    """A kernel thread has no memory; a parent outside the namespace has no number."""
    assert columns(one(ppid=0), "peak_rss_bytes", "ppid") == [UNKNOWN] * 2


def test_of_long_arguments_the_start_is_kept_and_the_length_told() -> None:
    arguments = [b"", b"a\0", b"b" * 4095 + b"\0"]
    numbers = np.zeros(3, dtype=np.int64)
    made = joined_exits({"pid": 5}, {"pid": 6}, {"pid": 7})
    table = exit_table(made, numbers, numbers, arguments, OFFSET_NS)
    assert table.cmdline.tolist() == [b"", b"a", b"b" * (ARGV_BYTES - 1)]
    assert table.cmdline_bytes.tolist() == [0, 2, 4096]


def test_no_ends_are_no_rows() -> None:
    none = np.empty(0, dtype=np.int64)
    assert len(exit_table(joined_exits(), none, none, [], OFFSET_NS)) == 0


def test_a_life_of_which_nobody_knows_the_start_is_unknown() -> None:
    table = one(start_ticks=UNKNOWN, elapsed_us=UNKNOWN)
    assert columns(table, "start_ticks", "lifetime_ns") == [UNKNOWN, UNKNOWN]

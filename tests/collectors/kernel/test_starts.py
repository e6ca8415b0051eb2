"""Forks and execs, from records made by hand and from the probes."""

import errno
from typing import Any

import numpy as np
import pytest

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import (
    ARGV_BYTES,
    ATTEMPT,
    BRIEF,
    EXEC,
    EXIT,
    LIFECYCLE,
)
from montauk_tui.collectors.kernel.starts import start_table
from montauk_tui.model.records import cut_lines
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.starts import EXEC as EXEC_KIND
from montauk_tui.model.starts import EXEC_FAILED, FORK, StartTable

HZ = 100
TICK_NS = 10**9 // HZ


def records(kind: np.dtype[np.void], *rows: dict[str, Any]) -> Records:
    made = np.zeros(len(rows), dtype=kind)
    for record, row in zip(made, rows, strict=True):
        for name, value in row.items():
            record[name] = value
    return made


def test_forks_and_execs_and_no_ends() -> None:
    argv = b"/bin/true\0a b\0"
    lifecycle = records(
        LIFECYCLE,
        {"kind": EXIT, "pid": 9},
        {
            "kind": EXEC, "pid": 7, "ppid": 2, "uid": 5, "time_ns": 50,
            "start_ns": 3 * TICK_NS, "comm": b"true", "argv": argv + b"old\0",
            "argv_bytes": len(argv),
        },
    )  # fmt: skip
    briefs = records(
        BRIEF,
        {
            "pid": 7, "ppid": 2, "uid": 5, "time_ns": 40, "start_ns": 3 * TICK_NS + 1,
            "comm": b"sh",
        },
    )  # fmt: skip
    table = start_table(lifecycle, briefs, records(ATTEMPT), HZ)
    assert table.kind.tolist() == [FORK, EXEC_KIND]
    assert table.pid.tolist() == [7, 7]
    assert table.ppid.tolist() == [2, 2]
    assert table.uid.tolist() == [5, 5]
    assert table.time_ns.tolist() == [40, 50]
    assert table.start_ticks.tolist() == [3, 3]
    assert table.comm.tolist() == [b"sh", b"true"]
    assert table.cmdline.tolist() == [b"", argv.rstrip(b"\0")]
    assert table.cmdline_bytes.tolist() == [0, len(argv)]


def test_arguments_that_were_too_long_tell_how_long_they_were() -> None:
    lifecycle = records(
        LIFECYCLE, {"kind": EXEC, "pid": 7, "argv": b"x" * 359, "argv_bytes": 5000}
    )
    table = start_table(lifecycle, records(BRIEF), records(ATTEMPT), HZ)
    assert len(table.cmdline[0]) == ARGV_BYTES - 1
    assert table.cmdline_bytes.tolist() == [5000]


def test_nothing_happened() -> None:
    lives, briefs, attempts = map(records, (LIFECYCLE, BRIEF, ATTEMPT))
    assert len(start_table(lives, briefs, attempts, HZ)) == 0


def attempt(**values: Any) -> dict[str, Any]:
    return {
        "pid": 7, "ppid": 2, "uid": 5, "time_ns": 45, "start_ns": 3 * TICK_NS,
        "error": errno.ENOENT, "comm": b"sh", "exe": b"/usr/bin/nothing", **values,
    }  # fmt: skip


def tried(**values: Any) -> StartTable:
    made = records(ATTEMPT, attempt(**values))
    return start_table(records(LIFECYCLE), records(BRIEF), made, HZ)


def test_an_exec_that_failed_has_its_error_and_what_was_tried() -> None:
    briefs = records(BRIEF, {"pid": 7, "time_ns": 40, "start_ns": 3 * TICK_NS})
    execs = records(LIFECYCLE, {"kind": EXEC, "pid": 7, "exe": b"/bin/true"})
    argv = b"nothing\0a b\0"
    one = attempt(argv=argv + b"old\0", argv_bytes=len(argv))
    table = start_table(execs, briefs, records(ATTEMPT, one), HZ)
    assert table.kind.tolist() == [FORK, EXEC_KIND, EXEC_FAILED]
    assert table.errno.tolist() == [UNKNOWN, UNKNOWN, errno.ENOENT]
    assert table.exe.tolist() == [b"", b"/bin/true", b"/usr/bin/nothing"]
    last = table.only(np.array([2]))
    assert last.cmdline.tolist() == [argv.rstrip(b"\0")]
    assert last.comm.tolist() == [b"sh"]
    names = ("pid", "ppid", "uid", "time_ns", "start_ticks", "cmdline_bytes")
    assert [int(getattr(last, name)[0]) for name in names] == [7, 2, 5, 45, 3, 12]


@pytest.mark.parametrize(
    ("argv", "is_cut", "said"),
    [
        (b"", 0, False),
        (b"", 1, False),
        (b"a\0", 0, False),
        (b"a\0\0\0", 0, False),
        (b"a\0b\0", 1, True),
        (b"x" * 128, 1, True),
    ],
)
def test_whether_arguments_of_a_failed_exec_are_missing(
    argv: bytes, is_cut: int, *, said: bool
) -> None:
    table = tried(argv=argv, argv_bytes=len(argv), is_cut=is_cut)
    assert table.cmdline.tolist() == [argv.rstrip(b"\0")]
    assert cut_lines(table.cmdline, table.cmdline_bytes).tolist() == [said]
    assert bool(table.cmdline_bytes[0]) == bool(argv)

"""Forks and execs, from records made by hand and from the probes."""

from typing import Any

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import (
    ARGV_BYTES,
    BRIEF,
    EXEC,
    EXIT,
    LIFECYCLE,
)
from montauk_tui.collectors.kernel.starts import start_table
from montauk_tui.model.starts import EXEC as EXEC_KIND
from montauk_tui.model.starts import FORK

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
    table = start_table(lifecycle, briefs, HZ)
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
    table = start_table(lifecycle, records(BRIEF), HZ)
    assert len(table.cmdline[0]) == ARGV_BYTES - 1
    assert table.cmdline_bytes.tolist() == [5000]


def test_nothing_happened() -> None:
    assert len(start_table(records(LIFECYCLE), records(BRIEF), HZ)) == 0

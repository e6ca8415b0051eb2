"""Forks and execs, made by hand."""

import errno
from collections.abc import Iterable
from typing import Any

import numpy as np

from montauk_tui.model.schema import COMM_BYTES, UNKNOWN
from montauk_tui.model.starts import (
    EXEC,
    EXEC_FAILED,
    FORK,
    START_FIELDS,
    StartTable,
)
from tests.support.builders import Row


def fork(pid: int, time_ns: int, **values: Any) -> Row:
    return {"kind": FORK, "pid": pid, "time_ns": time_ns, **values}


def exec_(pid: int, time_ns: int, **values: Any) -> Row:
    return {"kind": EXEC, "pid": pid, "time_ns": time_ns, **values}


def failed(pid: int, time_ns: int, **values: Any) -> Row:
    row = {"errno": errno.ENOENT, "exe": b"/usr/bin/nothing", **values}
    return {"kind": EXEC_FAILED, "pid": pid, "time_ns": time_ns, **row}


def make_starts(rows: Iterable[Row]) -> StartTable:
    """Return the table of `rows`, in their order, which have texts as bytes."""
    filled = [_filled(row) for row in rows]
    columns = {
        name: np.array([row[name] for row in filled], dtype=np.int64)
        for name in START_FIELDS
    }
    comm = np.array([row["comm"] for row in filled], dtype=f"S{COMM_BYTES}")
    cmdline = np.array([row["cmdline"] for row in filled], dtype="S360")
    exe = np.array([row["exe"] for row in filled], dtype="S128")
    return StartTable(comm, cmdline, columns, exe)


def _filled(row: Row) -> dict[str, Any]:
    usual = {"comm": b"prog", "cmdline": b"", "exe": b"", "ppid": 1, "uid": 0}
    usual["start_ticks"] = 1000
    known: dict[str, Any] = {**usual, **row}
    known.setdefault("cmdline_bytes", len(known["cmdline"]))
    return known | {name: UNKNOWN for name in START_FIELDS if known.get(name) is None}

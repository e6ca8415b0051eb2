"""Processes that ended, made by hand."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN
from tests.support.builders import Row

DEFAULT_EXIT: dict[str, Any] = {
    "ppid": 1,
    "uid": 0,
    "start_ticks": 1_000,
    "lifetime_ns": 10**9,
    "exit_code": 0,
    "core_dumped": 0,
    "utime_ns": 0,
    "stime_ns": 0,
    "rss_bytes": 0,
    "threads": 1,
    "cmdline_bytes": 0,
}
"""What an end is like where a row does not say otherwise; the rest is unknown."""


def make_exits(rows: Iterable[Row]) -> ExitTable:
    """Return the table of `rows`, in their order; `cmdline` and `comm` are bytes.

    `death` is the signal that ended it, if there is one.
    """
    filled = [_filled(row) for row in rows]
    columns = {
        name: np.array([row[name] for row in filled], dtype=np.int64)
        for name in EXIT_FIELDS
    }
    comm = np.array([row["comm"] for row in filled], dtype=f"S{COMM_BYTES}")
    width = max((len(row["cmdline"]) for row in filled), default=1) or 1
    cmdline = np.array([row["cmdline"] for row in filled], dtype=f"S{width}")
    deaths = {
        (row["pid"], row["start_ticks"]): row["death"]
        for row in filled
        if "death" in row
    }
    return ExitTable(comm, cmdline, columns).with_deaths(deaths)


def _filled(row: Row) -> dict[str, Any]:
    known = {"comm": b"prog", "cmdline": b"", **DEFAULT_EXIT, **row}
    if known["cmdline"] and "cmdline_bytes" not in row:
        known["cmdline_bytes"] = len(known["cmdline"])
    known |= {name: UNKNOWN for name in EXIT_FIELDS if known.get(name) is None}
    return known

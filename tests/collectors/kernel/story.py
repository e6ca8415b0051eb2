"""Records of the kernel one sample after the other, made by hand."""

from typing import Any

import numpy as np

from montauk_tui.collectors.kernel.exit_records import CompletedExits, ExitCompleter
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import (
    EXIT,
    FINAL,
    LIFECYCLE,
)
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import ProcessTable

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


def cpu_ns(exits: ExitTable | ProcessTable) -> list[int]:
    if isinstance(exits, ExitTable):
        found: list[int] = (exits.utime_ns + exits.stime_ns).tolist()
    else:
        found = (exits.utime + exits.stime).tolist()
    return found


def zombie(pid: int, run_ns: int) -> Row:
    return {"pid": pid, "start_ticks": START // 10**7, "state": "Z", "utime": run_ns}

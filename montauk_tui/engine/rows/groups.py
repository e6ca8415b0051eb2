"""Processes of the last seconds, grouped by program or by cgroup."""

from dataclasses import replace

import numpy as np

from montauk_tui.engine.rows.build import RowLookups, frame_of, is_failure
from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.engine.rows.window import exited_lately, starts_lately, window_s
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch, Extra
from montauk_tui.model.kinds import RowKind, numbers
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, NO_START, UNKNOWN, Floats, Ints
from montauk_tui.model.starts import EXEC


def by_executable(frame: Frame) -> Frame:
    """Return a row for each program that was started or exited in the window."""
    exited, starts = exited_lately(frame), starts_lately(frame)
    execs = starts.only(starts.kind == EXEC)
    names = np.concatenate([exited.exits.comm, execs.comm])
    labels, group = np.unique(names, return_inverse=True)
    return _frame(frame, exited, group, [bytes(label) for label in labels])


def by_cgroup(frame: Frame) -> Frame:
    """Return a row for each cgroup with exits in the window."""
    exited = exited_lately(frame)
    ids, group = np.unique(exited.exits.cgroup_id, return_inverse=True)
    path = frame.lookups.cgroup
    labels = [
        b"(cgroup not known)" if number == UNKNOWN else path(number).encode()
        for number in ids.tolist()
    ]
    listed = _frame(frame, exited, group, labels)
    # Exec events do not report the cgroup.
    unknown = np.full(len(labels), np.nan)
    return replace(listed, extra={**listed.extra, "execs_rate": unknown})


def _frame(
    frame: Frame, exited: ExitedBatch, group: Ints, labels: list[bytes]
) -> Frame:
    """Return a row for each group; `group` has the exits first, then the execs."""
    of_exits, of_execs = group[: len(exited.exits)], group[len(exited.exits) :]
    size, seconds = len(labels), window_s(frame)

    def rate(rows: Ints, weights: Floats | None = None) -> Floats:
        counted: Floats = np.bincount(rows, weights, size).astype(np.float64)
        return counted / seconds

    pid = numbers(RowKind.GROUP, np.arange(size, 0, -1))
    columns = {
        "pid": pid,
        "tgid": pid,
        "start_ticks": np.full(size, NO_START),
        "flags": np.zeros(size, dtype=np.int64),
    }
    back = slice(None, None, -1)
    failed = is_failure(exited)
    extra: Extra = {
        "kind": all_of(RowKind.GROUP, size),
        "count": np.bincount(of_exits, minlength=size).astype(np.float64)[back],
        "forks_rate": np.full(size, np.nan),
        "execs_rate": rate(of_execs)[back],
        "ends_rate": rate(of_exits)[back],
        "failures_rate": rate(of_exits[failed])[back],
        "short_pct": rate(of_exits, np.nan_to_num(exited.cpu_s))[back] * 100.0,
    }
    names = labels[::-1]
    comm = np.array(names, dtype=f"S{COMM_BYTES}")
    lookups = RowLookups(frame.lookups, pid, names)
    unknown = np.full(size, np.nan)
    return frame_of(frame, ProcessTable(comm, columns), unknown, extra, lookups)

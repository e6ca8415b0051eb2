"""The last forks, execs and exits as rows, the latest first."""

from typing import Final

import numpy as np

from montauk_tui.engine.interval.events import EXIT
from montauk_tui.engine.rows.build import (
    RowLookups,
    beside,
    by_now,
    exited_extra,
    exited_table,
    frame_of,
    reported_now,
)
from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch
from montauk_tui.model.kinds import RowKind, numbers
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Ints, as_floats
from montauk_tui.model.starts import EXEC_FAILED, FORK, StartTable, tried

_MOST: Final = 4096
"""This many starts, and as many exits."""

_STARTS_FROM: Final = 1 << 60
"""Numbers of starts; those of exits are below."""


def events(frame: Frame) -> Frame:
    """Return a row for each of the last events."""
    return _listed(frame, _last_exited(frame), _last_starts(frame))


def events_in_sample(frame: Frame) -> tuple[Frame, Ints, Ints]:
    """Return a row for each event of a frame's sample.

    Also the row of each of its starts, and that of each of its exits.
    """
    sample = frame.sample
    starts = StartTable.empty() if sample.starts is None else sample.starts
    exits = ExitTable.empty() if sample.exits is None else sample.exits
    order = np.argsort(starts.time_ns, kind="stable")
    place = np.empty(len(starts), dtype=np.int64)
    place[order] = np.arange(len(starts))[::-1]
    listed = _listed(frame, reported_now(exits, frame), starts.only(order))
    return listed, place, len(starts) + np.arange(len(exits))[::-1]


def _listed(frame: Frame, exited: ExitedBatch, starts: StartTable) -> Frame:
    sample = frame.sample
    place = np.arange(len(starts))
    back = place[::-1]
    # Two events at the same time, on two CPUs, get different pids.
    moment = np.maximum.accumulate(starts.time_ns - place) + place
    pid = numbers(RowKind.EVENT, _STARTS_FROM + moment[back])
    columns = {
        "pid": pid,
        "tgid": pid,
        "ppid": starts.ppid[back],
        "uid": starts.uid[back],
        "start_ticks": starts.start_ticks[back],
        "flags": kernel_flags(sample.processes, starts.ppid, starts.kind != FORK)[back],
    }
    table = ProcessTable(starts.comm[back], columns)
    extra = {
        "kind": all_of(RowKind.EVENT, len(starts)),
        "real_pid": as_floats(starts.pid[back]),
        "event": starts.kind[back].astype(np.float64),
        "event_s": sample.booted_at_s + starts.time_ns[back] / 1e9,
        "errno": np.where(starts.kind == EXEC_FAILED, starts.errno, np.nan)[back],
    }
    cmdlines, lengths = _arguments(starts.only(back))
    cpu_pct = np.full(len(starts), np.nan)
    exits = exited_table(exited, sample, RowKind.EVENT)
    of_exits = {
        **exited_extra(exited, sample.booted_at_s),
        "kind": all_of(RowKind.EVENT, len(exits)),
        "event": np.full(len(exits), float(EXIT)),
    }
    of_exits["event_s"] = of_exits["ended_s"]
    extra = dict(beside(extra, len(table), of_exits, len(exits)))
    cmdlines += exited.exits.cmdline[::-1].tolist()
    lengths = np.concatenate([lengths, exited.exits.cmdline_bytes[::-1]])
    both = table.merged(exits)
    lookups = RowLookups(frame.lookups, both.pid, cmdlines, lengths)
    cpu_pct = np.concatenate([cpu_pct, exited.cpu_pct[::-1]])
    return frame_of(frame, both, cpu_pct, extra, lookups, exited.exits.deaths)


def _arguments(starts: StartTable) -> tuple[list[bytes], Ints]:
    """Return the arguments of each and their lengths; of failed execs with the file."""
    cmdlines, lengths = starts.cmdline.tolist(), starts.cmdline_bytes.copy()
    for row in np.flatnonzero(starts.kind == EXEC_FAILED).tolist():
        exe = bytes(starts.exe[row])
        cmdlines[row], lengths[row] = tried(exe, cmdlines[row], int(lengths[row]))
    return cmdlines, lengths


def _last_starts(frame: Frame) -> StartTable:
    parts: list[StartTable] = []
    for part in reversed(frame.history.starts):
        parts.insert(0, part)
        if sum(map(len, parts)) >= _MOST:
            break
    joined = StartTable.joined(parts)
    order = np.argsort(joined.time_ns, kind="stable")[-_MOST:]
    return joined.only(order)


def _last_exited(frame: Frame) -> ExitedBatch:
    exited = frame.history.exited_since(-np.inf)
    last = exited.select(np.arange(len(exited.exits)) >= len(exited.exits) - _MOST)
    return by_now(last, frame.sample.monotonic_s)

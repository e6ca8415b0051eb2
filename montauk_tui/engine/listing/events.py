"""The last forks, execs and ends as rows, the latest first."""

from typing import Final

import numpy as np

from montauk_tui.engine.listing.rows import (
    RowLookups,
    beside,
    ended_extra,
    ended_table,
    frame_of,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.recent import Ended
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import as_floats
from montauk_tui.model.starts import StartTable

EXIT: Final = 3
"""Kind of an event beside those of `model.starts`."""

_MOST: Final = 4096
"""Of starts and as many of ends."""

_STARTS_BELOW: Final = -(1 << 40)


def events(frame: Frame) -> Frame:
    """Return a row for each of the last events."""
    ended, starts = _last_ended(frame), _last_starts(frame)
    sample = frame.sample
    place = np.arange(len(starts))
    back = place[::-1]
    # Two events of one moment, on two CPUs, get pids of their own.
    moment = np.maximum.accumulate(starts.time_ns - place) + place
    pid = _STARTS_BELOW - moment[back]
    columns = {
        "pid": pid,
        "tgid": pid,
        "ppid": starts.ppid[back],
        "uid": starts.uid[back],
        "start_ticks": starts.start_ticks[back],
        "flags": np.zeros(len(starts), dtype=np.int64),
    }
    table = ProcessTable(starts.comm[back], columns)
    extra = {
        "real_pid": as_floats(starts.pid[back]),
        "event": starts.kind[back].astype(np.float64),
        "event_s": sample.booted_at_s + starts.time_ns[back] / 1e9,
    }
    cmdlines = starts.cmdline[back].tolist()
    cpu_pct = np.full(len(starts), np.nan)
    if ended is None:
        lookups = RowLookups(frame.lookups, table.pid, cmdlines)
        return frame_of(frame, table, cpu_pct, extra, lookups)
    ends = ended_table(ended, sample.ticks_per_second)
    of_ends = {
        **ended_extra(ended, sample.booted_at_s),
        "event": np.full(len(ends), float(EXIT)),
    }
    of_ends["event_s"] = of_ends["ended_s"]
    extra = dict(beside(extra, len(table), of_ends, len(ends)))
    cmdlines += ended.exits.cmdline[::-1].tolist()
    both = table.merged(ends)
    lookups = RowLookups(frame.lookups, both.pid, cmdlines)
    cpu_pct = np.concatenate([cpu_pct, ended.cpu_pct[::-1]])
    return frame_of(frame, both, cpu_pct, extra, lookups)


def _last_starts(frame: Frame) -> StartTable:
    parts: list[StartTable] = []
    for part in reversed(frame.recent.starts):
        parts.insert(0, part)
        if sum(map(len, parts)) >= _MOST:
            break
    joined = StartTable.joined(parts)
    order = np.argsort(joined.time_ns, kind="stable")[-_MOST:]
    return joined.only(order)


def _last_ended(frame: Frame) -> Ended | None:
    ended = frame.recent.ended_since(-np.inf)
    if ended is None:
        return None
    return ended.select(np.arange(len(ended.exits)) >= len(ended.exits) - _MOST)

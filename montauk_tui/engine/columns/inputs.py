"""What cells are made from: where that is equal, text and level are too.

A front end keeps the cells of a row and makes only those again whose input changed.
What all cells of a frame depend on, such as the memory of the machine, is `common`.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from montauk_tui.engine.columns.extra_cells import extra_key
from montauk_tui.engine.columns.rate_cells import rate_key
from montauk_tui.engine.rows.kinds import is_living
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import UNKNOWN, Ints

Numbers = np.ndarray[Any, Any]

_Numbers = Callable[[Frame, Ints], Numbers]

Inputs = Callable[[Frame, Ints], Numbers | Sequence[Hashable] | None]
"""Returns a value for each of some rows: equal values, equal cells. None if some are
looked up."""


def common(frame: Frame) -> Hashable:
    """Return what cells of every row depend on."""
    sample = frame.sample
    host = sample.host
    return (
        sample.ticks_per_second,
        sample.user_hz,
        sample.booted_at_s,
        # A start is a time of day until midnight.
        time.localtime(sample.time_s)[:3],
        len(host.cpu_ids),
        host.memory.total,
    )


def field(name: str) -> _Numbers:
    """Return the inputs of cells that show a field of the schema."""

    def inputs(frame: Frame, rows: Ints) -> Numbers:
        values: Ints = getattr(frame.sample.processes, name)
        return values[rows]

    return inputs


def known(name: str) -> Inputs:
    """Return the inputs of cells that show a field, looked up where it is unknown."""
    of_field = field(name)

    def inputs(frame: Frame, rows: Ints) -> Numbers | None:
        values = of_field(frame, rows)
        return None if (values == UNKNOWN).any() else values

    return inputs


def extra_of(name: str) -> _Numbers:
    """Return the inputs of cells that show an extra column."""
    key = extra_key(name)

    def inputs(frame: Frame, rows: Ints) -> Numbers:
        return key(frame)[rows]

    return inputs


def rate(*names: str) -> _Numbers:
    """Return the inputs of cells that show the summed rate of counters."""
    key = rate_key(*names)

    def inputs(frame: Frame, rows: Ints) -> Numbers:
        return key(frame)[rows]

    return inputs


def pid(frame: Frame, rows: Ints) -> Numbers:
    """Return pids; of a group the negative count."""
    pids = frame.sample.processes.pid[rows]
    if "kind" not in frame.extra:
        return pids
    real, count = (extra_of(it)(frame, rows) for it in ("real_pid", "count"))
    shown = np.where(np.isnan(real), -count, real)
    return np.where(is_living(frame)[rows], pids, shown)


def tgid(frame: Frame, rows: Ints) -> Numbers:
    """Return the pids of processes."""
    living, tgids = is_living(frame)[rows], frame.sample.processes.tgid[rows]
    return np.where(living, tgids, pid(frame, rows))


def user(frame: Frame, rows: Ints) -> Sequence[Hashable]:
    """Return numbers and names: a name may become known later."""
    uids: list[int] = frame.sample.processes.uid[rows].tolist()
    known = {
        uid: (uid, "" if uid == UNKNOWN else frame.lookups.user(uid))
        for uid in set(uids)
    }
    return [known[uid] for uid in uids]


def name(frame: Frame, rows: Ints) -> Sequence[Hashable]:
    """Return the raw names."""
    names: list[bytes] = frame.sample.processes.comm[rows].tolist()
    return names


def cpu_pct(frame: Frame, rows: Ints) -> Numbers:
    """Return the CPU use."""
    return frame.rates.cpu_pct[rows]


def cpu_ticks(frame: Frame, rows: Ints) -> Numbers:
    """Return user and system time; unknown if one of them is."""
    table = frame.sample.processes
    utime, stime = table.utime[rows], table.stime[rows]
    is_unknown = (utime == UNKNOWN) | (stime == UNKNOWN)
    return np.where(is_unknown, UNKNOWN, utime + stime)

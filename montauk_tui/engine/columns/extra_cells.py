"""Cells of the columns that only some lists have: exits, events, spawners.

Their values are in `Frame.extra`; a list without them shows `-`.
"""

import math
from collections.abc import Callable

import numpy as np

from montauk_tui.engine.columns.cells import (
    Key,
    Level,
    Meaning,
    Text,
    above_zero,
    level_of,
    machine_level,
)
from montauk_tui.engine.interval.events import SHORT_NAMES
from montauk_tui.engine.rows.kinds import extra_value, is_living, kind_of
from montauk_tui.engine.units import NOTHING_KNOWN, percent_text, whole_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.schema import Floats, as_floats


def extra_key(name: str) -> Key:
    """Return what sorts by an extra column."""

    def key(frame: Frame) -> Floats:
        values = frame.extra.get(name)
        return (
            np.full(len(frame.sample.processes), np.nan) if values is None else values
        )

    return key


def value_of(name: str) -> Callable[[Frame, int], float]:
    """Return what reads a value of an extra column."""
    return lambda frame, row: extra_value(frame, name, row)


def extra_text(name: str, write: Callable[[float], str]) -> Text:
    """Return what writes an extra column."""
    return lambda frame, row: write(extra_value(frame, name, row))


def event_text(kind: float) -> str:
    """Return the name of an event; a failed exec is one, with its error elsewhere."""
    return NOTHING_KNOWN if math.isnan(kind) else SHORT_NAMES[int(kind)]


def pid_key(frame: Frame) -> Floats:
    """Return the pids, those of exited processes too."""
    table = frame.sample.processes
    real = frame.extra.get("real_pid")
    pids = table.pid.astype(np.float64)
    if real is None:
        return pids
    return np.where(is_living(frame), pids, real)


def pid_text(frame: Frame, row: int) -> str:
    """Return the pid; for a group the number of processes: `87x`."""
    if kind_of(frame, row) in (RowKind.PROCESS, RowKind.THREAD):
        return str(frame.sample.processes.pid[row])
    real = extra_value(frame, "real_pid", row)
    if math.isnan(real):
        count = extra_value(frame, "count", row)
        return NOTHING_KNOWN if math.isnan(count) else f"{whole_text(count)}x"
    return whole_text(real)


def tgid_key(frame: Frame) -> Floats:
    """Return the processes that threads belong to; for an exited process its pid."""
    table = frame.sample.processes
    return np.where(is_living(frame), as_floats(table.tgid), pid_key(frame))


def tgid_text(frame: Frame, row: int) -> str:
    """Return the pid of the process."""
    return whole_text(float(tgid_key(frame)[row]))


def children_key(frame: Frame) -> Floats:
    """Return the CPU use of exited children."""
    interval_s = frame.interval_s or math.nan
    percent: Floats = frame.rates.children_s / interval_s * 100.0
    return percent


def children_text(frame: Frame, row: int) -> str:
    """Return it as a percentage of one core."""
    return percent_text(float(children_key(frame)[row]))


def failure_level(name: str) -> Meaning:
    """Return a level that is WARM for anything but 0."""
    return above_zero(value_of(name), Level.WARM)


def faint_zero(name: str) -> Meaning:
    """Return a level that is FAINT for zero and unknown."""
    return above_zero(value_of(name), Level.PLAIN)


def stall_level(name: str) -> Meaning:
    """Return the level of a share of time in which work waited."""
    read = value_of(name)
    return lambda frame, row: stall_of(read(frame, row))


def stall_of(percent: float) -> Level:
    """Return the level of a share of time in which work waited."""
    return level_of(percent, hot=25, warm=5, least=0.05)


def fill_level(name: str) -> Meaning:
    """Return the level of a share of what there is room for."""
    read = value_of(name)
    return lambda frame, row: fill_of(read(frame, row))


def fill_of(percent: float) -> Level:
    """Return the level of a share of what there is room for."""
    return level_of(percent, hot=95, warm=80, least=0.05)


def percent_level(name: str) -> Meaning:
    """Return the level of a share of a core."""
    return lambda frame, row: machine_level(frame, extra_value(frame, name, row))

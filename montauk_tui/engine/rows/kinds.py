"""What the rows of a frame stand for, from the extra column `kind`."""

import math

import numpy as np

from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey, RowKind
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Bools, Floats


def all_of(kind: RowKind, count: int) -> Floats:
    """Return the column `kind` of rows that are all the same."""
    return np.full(count, float(kind))


def kind_of(frame: Frame, row: int) -> RowKind:
    """Return what a row stands for."""
    kind = extra_value(frame, "kind", row)
    if not math.isnan(kind):
        return RowKind(int(kind))
    is_process = frame.sample.processes.is_process[row]
    return RowKind.PROCESS if is_process else RowKind.THREAD


def key_of(frame: Frame, row: int) -> RowKey:
    """Return the key of a row."""
    return RowKey(kind_of(frame, row), *frame.sample.processes.identity(row))


def is_living(frame: Frame) -> Bools:
    """Tell which rows are live processes and threads, at the time of the sample."""
    kind = frame.extra.get("kind")
    if kind is None:
        return np.ones(len(frame.sample.processes), dtype=np.bool_)
    living: Bools = np.isnan(kind) | (kind <= RowKind.THREAD)
    return living


def extra_value(frame: Frame, name: str, row: int) -> float:
    """Return one value of an extra column, NaN where there is none."""
    values = frame.extra.get(name)
    return math.nan if values is None else float(values[row])


def real_identity(frame: Frame, row: int) -> Identity:
    """Return the process that a row is about, also for an event or an exit."""
    identity = frame.sample.processes.identity(row)
    pid = extra_value(frame, "real_pid", row)
    return identity if math.isnan(pid) else Identity(int(pid), identity.start_ticks)

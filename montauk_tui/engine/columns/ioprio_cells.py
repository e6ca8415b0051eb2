"""Cells of the column of I/O class and level."""

import numpy as np

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.ioprio import (
    BEST_EFFORT,
    CLASS_SHIFT,
    IDLE,
    LEVELS,
    NONE,
    REALTIME,
)
from montauk_tui.model.schema import UNKNOWN, Floats

_NICE_LEVELS = 5
"""Nice values that are one level."""

_LETTERS = {REALTIME: "R", BEST_EFFORT: "B"}


def _effective(frame: Frame, row: int) -> tuple[int, int, bool] | None:
    """Return class, level and whether they were chosen, None where they are unknown.

    A process without a class is served by its nice value (ioprio_set(2)).
    """
    table = frame.sample.processes
    value = frame.lookups.io_priority(table.identity(row))
    if value is None:
        return None
    kind, level = value >> CLASS_SHIFT, value & LEVELS[-1]
    if kind != NONE:
        return kind, level, True
    nice = int(table.nice[row])
    return (
        None if nice == UNKNOWN else (BEST_EFFORT, (nice + 20) // _NICE_LEVELS, False)
    )


def io_priority_key(frame: Frame) -> Floats:
    """Return a sort key: the process served first comes first."""
    key = np.full(len(frame.sample.processes), np.nan)
    for row in range(len(key)):
        known = _effective(frame, row)
        if known is not None:
            key[row] = known[0] * len(LEVELS) + known[1]
    return key


def io_priority_text(frame: Frame, row: int) -> str:
    """Return it as htop writes it: `B4`, `R0`, `id`."""
    known = _effective(frame, row)
    if known is None:
        return NOTHING_KNOWN
    if known[0] == IDLE:
        return "id"
    letter = _LETTERS.get(known[0])
    return NOTHING_KNOWN if letter is None else f"{letter}{known[1]}"


def io_priority_level(frame: Frame, row: int) -> Level:
    """Return the level: a chosen class is worth a glance."""
    known = _effective(frame, row)
    return Level.NOTICE if known is not None and known[2] else Level.FAINT

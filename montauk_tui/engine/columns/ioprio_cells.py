"""Cells of the column of I/O class and level."""

import math
from typing import Final

import numpy as np

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.gauge_cells import gauge, gauge_key
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
from montauk_tui.model.schema import Floats, Ints, as_floats

_NAME: Final = "io_priority"

_NICE_LEVELS: Final = 5
"""Nice values that are one level."""

_LETTERS: Final = {REALTIME: "R", BEST_EFFORT: "B"}


def _order(value: Floats, nice: Ints) -> Floats:
    """Return class times 8 plus level; NaN where they are unknown.

    A process without a class is served by its nice value (ioprio_set(2)).
    """
    kind = value // (1 << CLASS_SHIFT)
    by_nice = (as_floats(nice) + 20) // _NICE_LEVELS
    chosen = kind * len(LEVELS) + value % len(LEVELS)
    order: Floats = np.where(kind == NONE, BEST_EFFORT * len(LEVELS) + by_nice, chosen)
    return order


def _read(frame: Frame, row: int) -> float:
    return gauge(frame, _NAME, row, by_thread=True)


def io_priority_key(frame: Frame) -> Floats:
    """Return a sort key: the process served first comes first."""
    value = gauge_key(_NAME, by_thread=True)(frame)
    return _order(value, frame.sample.processes.nice)


def io_priority_text(frame: Frame, row: int) -> str:
    """Return it as htop writes it: `B4`, `R0`, `id`."""
    nice = frame.sample.processes.nice[row : row + 1]
    order = float(_order(np.array([_read(frame, row)]), nice)[0])
    if math.isnan(order):
        return NOTHING_KNOWN
    kind, level = divmod(int(order), len(LEVELS))
    if kind == IDLE:
        return "id"
    letter = _LETTERS.get(kind)
    return NOTHING_KNOWN if letter is None else f"{letter}{level}"


def io_priority_level(frame: Frame, row: int) -> Level:
    """Return the level: a chosen class is worth a glance."""
    return Level.NOTICE if _read(frame, row) >= 1 << CLASS_SHIFT else Level.FAINT

"""Cells of the columns with rates of counters."""

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from montauk_tui.engine.columns.cells import (
    Key,
    Level,
    Meaning,
    Text,
    above_zero,
    core_level,
    level_of,
)
from montauk_tui.engine.units import percent_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats

_NS_PER_PCT: Final = 1e7
"""Nanoseconds a second that are 1 %."""

_BUSY_BYTES: Final = 1 << 20
_VERY_BUSY_BYTES: Final = 100 << 20

Names = tuple[str, ...]


def rate_key(*names: str) -> Key:
    """Return a sort key of the summed rates of some counters."""
    return partial(_rates, names)


def _rates(names: Names, frame: Frame) -> Floats:
    known = frame.rates.per_s
    if not all(name in known for name in names):
        return np.full(len(frame.sample.processes), np.nan)
    if len(names) == 1:
        return known[names[0]]
    total: Floats = np.sum([known[name] for name in names], axis=0)
    return total


def rate_at(frame: Frame, row: int, *names: str) -> float:
    """Return the summed rate of some counters of a row, NaN for unknown."""
    known = frame.rates.per_s
    return sum(float(known[name][row]) if name in known else math.nan for name in names)


def rate_text(write: Callable[[float], str], *names: str) -> Text:
    """Return a function that formats that rate."""
    return lambda frame, row: write(rate_at(frame, row, *names))


def bytes_level(*names: str) -> Meaning:
    """Return the level of a number of bytes per second."""
    return lambda frame, row: level_of(
        rate_at(frame, row, *names),
        hot=_VERY_BUSY_BYTES, warm=_BUSY_BYTES, least=sys.float_info.min,
    )  # fmt: skip


def rate_level(*names: str) -> Meaning:
    """Return a level that is FAINT for zero and unknown."""
    return above_zero(lambda frame, row: rate_at(frame, row, *names), Level.PLAIN)


def waiting_pct(frame: Frame) -> Floats:
    """Return the share of the time that each waited for a CPU, in percent."""
    return rate_key("run_delay_ns")(frame) / _NS_PER_PCT


def waiting_text(frame: Frame, row: int) -> str:
    """Return it as a percentage of one thread's time."""
    return percent_text(rate_at(frame, row, "run_delay_ns") / _NS_PER_PCT)


def waiting_level(frame: Frame, row: int) -> Level:
    """Return its level: waiting is work held up."""
    return core_level(rate_at(frame, row, "run_delay_ns") / _NS_PER_PCT)

"""Cells of the columns with rates of counters."""

import math
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from montauk_tui.engine.columns.cells import Key, Level, Meaning, Text
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

    def text(frame: Frame, row: int) -> str:
        return write(rate_at(frame, row, *names))

    return text


def bytes_level(*names: str) -> Meaning:
    """Return the level of a number of bytes per second."""

    def level(frame: Frame, row: int) -> Level:
        rate = rate_at(frame, row, *names)
        if rate >= _VERY_BUSY_BYTES:
            return Level.HOT
        if rate >= _BUSY_BYTES:
            return Level.WARM
        return Level.PLAIN if rate > 0 else Level.FAINT

    return level


def rate_level(*names: str) -> Meaning:
    """Return a level that is FAINT for zero and unknown."""

    def level(frame: Frame, row: int) -> Level:
        return Level.PLAIN if rate_at(frame, row, *names) > 0 else Level.FAINT

    return level


def waiting_pct(frame: Frame) -> Floats:
    """Return the share of the time that each waited for a CPU, in percent."""
    return rate_key("run_delay_ns")(frame) / _NS_PER_PCT


def waiting_text(frame: Frame, row: int) -> str:
    """Return it as a percentage of one thread's time."""
    return percent_text(rate_at(frame, row, "run_delay_ns") / _NS_PER_PCT)


def waiting_level(frame: Frame, row: int) -> Level:
    """Return its level: waiting is work held up."""
    share = rate_at(frame, row, "run_delay_ns") / _NS_PER_PCT
    if share >= 50:  # noqa: PLR2004 - as CPU%
        return Level.HOT
    if share >= 10:  # noqa: PLR2004
        return Level.WARM
    return Level.PLAIN if share >= 0.05 else Level.FAINT  # noqa: PLR2004

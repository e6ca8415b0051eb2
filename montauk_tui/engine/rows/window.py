"""Events of the last seconds, and how many seconds these are."""

from typing import Final

import numpy as np

from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch
from montauk_tui.model.starts import StartTable

WINDOW_S: Final = 5.0
"""Rates are averages over this time."""


def window_s(frame: Frame) -> float:
    """Return the length of the window in seconds."""
    since_s = frame.sample.monotonic_s - WINDOW_S
    covered = [
        one.interval_s for one in frame.history.churn if one.monotonic_s > since_s
    ]
    return sum(covered) or 1.0


def exited_lately(frame: Frame) -> ExitedBatch:
    """Return the exits in the window."""
    return frame.history.exited_since(
        np.nextafter(frame.sample.monotonic_s - WINDOW_S, np.inf)
    )


def starts_lately(frame: Frame) -> StartTable:
    """Return the forks and execs of the window."""
    since_ns = (frame.sample.boot_s - window_s(frame)) * 1e9
    parts = [part for part in frame.history.starts if part.time_ns[-1] >= since_ns]
    joined = StartTable.joined(parts)
    return joined.only(joined.time_ns >= since_ns)

"""Pairing of the records of one kind with those of another."""

from typing import Final

import numpy as np

from montauk_tui.model.join import Join
from montauk_tui.model.schema import Ints

_TIME_BITS: Final = 41
"""Of microseconds: 25 days. A pid has 22 bits (PID_MAX_LIMIT)."""


def pair(one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Return the rows of the n-th `one` and of the n-th `other` of each pid."""
    _, rows, others = np.intersect1d(
        one << 20 | _occurrence(one),
        other << 20 | _occurrence(other),
        assume_unique=True,
        return_indices=True,
    )
    return rows, others


def _occurrence(pids: Ints) -> Ints:
    """Return how often each pid occurred before: a reused pid is another process."""
    order = np.argsort(pids, kind="stable")
    is_first = np.diff(pids[order], prepend=-1) != 0
    place = np.arange(len(pids))
    first = np.maximum.accumulate(np.where(is_first, place, 0))
    counts = np.empty(len(pids), dtype=np.int64)
    counts[order] = place - first
    return counts


def last_before(pids: Ints, times_ns: Ints, among: Ints, at_ns: Ints) -> Join:
    """Return for each pid the row of its latest record `among` that is not later.

    Args:
        pids: The pids to look up.
        times_ns: The latest time; 0 for unknown: then the last of all is found.
        among: The pids to search.
        at_ns: Their times.
    """
    if not len(among):
        zeros = np.zeros(len(pids), dtype=np.int64)
        return Join(zeros, zeros.astype(np.bool_))
    latest = (1 << _TIME_BITS) - 1
    # Times too far back for the key's bits are clipped to the oldest.
    since_ns = max(int(at_ns.min()), int(at_ns.max()) - (latest << 10))
    key = among << _TIME_BITS | ((at_ns - since_ns) >> 10).clip(min=0)
    order = np.argsort(key, kind="stable")
    limit = np.where(times_ns > 0, (times_ns - since_ns) >> 10, latest)
    wanted = pids << _TIME_BITS | limit.clip(-1, latest)
    place = np.searchsorted(key[order], wanted, side="right") - 1
    row = order[place.clip(min=0)]
    return Join(row, (place >= 0) & (among[row] == pids) & (limit >= 0))

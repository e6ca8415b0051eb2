"""Who started each of some new processes: one that is known, or another new one."""

from typing import Final

import numpy as np

from montauk_tui.model.join import by_pid
from montauk_tui.model.orphans import codes, pids_of, starts_of
from montauk_tui.model.schema import NO_START, UNKNOWN, Bools, Ints
from montauk_tui.model.starts import FORK, StartTable

NOBODY: Final = -1
"""The parent of what the kernel started, or another PID namespace."""
NOT_FOUND: Final = -2
_FIRST_NEW: Final = -3
"""The parent is the first of the new processes; -4 is the second, and so on."""
_DOUBLINGS: Final = 22
"""Steps up a chain of as many processes as there are PIDs (PID_MAX_LIMIT)."""


def started_by(starts: StartTable | None, code: Ints, ppid: Ints) -> Ints:
    """Return the PID of the parent at the fork, or `ppid` where that is not known.

    The kernel gives an orphan another parent; who started it is in the record of the
    fork only.

    Args:
        starts: Forks, among others.
        code: Processes, as of `model.orphans`.
        ppid: Their parents now.
    """
    if starts is None:
        return ppid
    forks = np.flatnonzero((starts.kind == FORK) & (starts.ppid != UNKNOWN))
    if not len(forks):
        return ppid
    forked = codes(starts.pid[forks], starts.start_ticks[forks])
    order = np.argsort(forked, kind="stable")
    row, found = by_pid(forked[order], code)
    return np.where(found, starts.ppid[forks[order]][row], ppid)


def find(known: Ints, nodes: Ints, code: Ints, ppid: Ints) -> Ints:
    """Return the node of each parent, or one of the constants above.

    A parent is the youngest process of its PID that is no younger than its child.

    Args:
        known: Codes of processes that have nodes.
        nodes: Their nodes.
        code: Codes of new processes, at least one.
        ppid: The PIDs of their parents.
    """
    every = np.concatenate([known, code])
    targets = np.concatenate([nodes, _FIRST_NEW - np.arange(len(code))])
    order = np.argsort(every, kind="stable")
    every, targets = every[order], targets[order]
    start = starts_of(code)
    wanted = codes(ppid, np.where(start == 0, NO_START, start))
    at = every.searchsorted(wanted, side="right") - 1
    # Nobody is its own parent.
    at -= every[at] == code
    row = at.clip(0)
    is_there = (at >= 0) & (pids_of(every[row]) == ppid)
    found = np.where(is_there, targets[row], NOT_FOUND)
    return np.where(ppid == 0, NOBODY, found)


def waits(above: Ints, made: Ints) -> Bools:
    """Tell which parents are new ones that have no node yet."""
    is_new = above <= _FIRST_NEW
    waiting: Bools = is_new & (made[np.where(is_new, _FIRST_NEW - above, 0)] < 0)
    return waiting


def with_nodes(above: Ints, made: Ints) -> Ints:
    """Return parents in which new ones are replaced by the nodes that were made."""
    is_new = above <= _FIRST_NEW
    return np.where(is_new, made[np.where(is_new, _FIRST_NEW - above, 0)], above)


def nearest_made(above: Ints, made: Ints) -> Ints:
    """Return the nearest of all above each that has a node; NOT_FOUND in a circle."""
    above = above.copy()
    for _ in range(_DOUBLINGS):
        rest = np.flatnonzero(waits(above, made))
        above[rest] = above[_FIRST_NEW - above[rest]]
    above[waits(above, made)] = NOT_FOUND
    return with_nodes(above, made)

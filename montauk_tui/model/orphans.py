"""Whom processes hang from, and hung from before their parent ended."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Floats, Ints

_START_BITS: Final = 40

_LONGEST_CHAIN: Final = 64


def codes(pid: Ints, start_ticks: Ints) -> Ints:
    """Return identities as one number each, by pid and then by start."""
    start = start_ticks.clip(0, (1 << _START_BITS) - 1)
    numbers: Ints = (pid.clip(0, (1 << 22) - 1) << _START_BITS) | start
    return numbers


def living_ancestors(ppid: Ints, living: Ints, exited: Ints, parents: Ints) -> Ints:
    """Return the pid of the nearest ancestor that lives; 0 where none is known.

    Args:
        ppid: Parents to start from.
        living: Ascending pids.
        exited: Pids of exited processes to search through. The last entry of a pid
            counts.
        parents: Their parents.
    """
    # Of equal pids the last comes first: that is the one that is found.
    order = np.argsort(exited[::-1], kind="stable")
    exited, parents = exited[::-1][order], parents[::-1][order]
    wanted = ppid.clip(0)
    open_ = np.flatnonzero(wanted)
    for _ in range(_LONGEST_CHAIN):
        open_ = open_[~by_pid(living, wanted[open_]).found]
        if not open_.size:
            return wanted
        above, is_exited = by_pid(exited, wanted[open_])
        wanted[open_] = 0
        wanted[open_[is_exited]] = parents[above[is_exited]].clip(0)
        open_ = open_[wanted[open_] > 0]
    wanted[open_] = 0
    return wanted


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Orphans:
    """Links to parents that ended or are ending, and those who ended: ghosts."""

    child: Ints = field(default_factory=_none)
    """Codes of processes and ghosts that the kernel hung elsewhere."""
    parent: Ints = field(default_factory=_none)
    """Codes of their parents: ghosts, or processes of the last sample."""
    exited_parents: ProcessTable = field(default_factory=ProcessTable.empty)
    """Each as it was last seen, under a number of its own, the latest first."""
    code: Ints = field(default_factory=_none)
    """Codes of the ghosts."""
    exit_status: Floats = field(default_factory=lambda: np.empty(0))
    """Wait status of the ghosts, NaN where nobody told."""
    lifetime_s: Floats = field(default_factory=lambda: np.empty(0))
    serial: int = 0
    """How many ghosts there have been."""

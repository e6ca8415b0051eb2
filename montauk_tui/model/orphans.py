"""Former parents of orphans: what the tree shows after the kernel reparented them."""

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
    # ndarray.clip takes twice as long for few numbers.
    start = np.minimum(np.maximum(start_ticks, 0), (1 << _START_BITS) - 1)
    number = np.minimum(np.maximum(pid, 0), (1 << 22) - 1)
    numbers: Ints = (number << _START_BITS) | start
    return numbers


def pids_of(code: Ints) -> Ints:
    """Return the pids of identities."""
    pids: Ints = code >> _START_BITS
    return pids


def starts_of(code: Ints) -> Ints:
    """Return the starts of identities, 0 for unknown."""
    starts: Ints = code & ((1 << _START_BITS) - 1)
    return starts


def living_ancestors(ppid: Ints, living: Ints, exited: Ints, parents: Ints) -> Ints:
    """Return the pid of the nearest live ancestor; 0 for unknown.

    Args:
        ppid: Parents to start from.
        living: Ascending pids.
        exited: Pids of exited processes to search through. The last entry of a pid
            counts.
        parents: Their parents.
    """
    # Of equal pids the last comes first, so it is the one found.
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
    """Links from orphans to their former parents, and the exited ones of these."""

    child: Ints = field(default_factory=_none)
    """Codes of processes and exited parents that the kernel reparented."""
    parent: Ints = field(default_factory=_none)
    """Codes of their former parents: exited, or processes of the last sample."""
    exited_parents: ProcessTable = field(default_factory=ProcessTable.empty)
    """Each as it was last seen, under its own row number, the latest first."""
    code: Ints = field(default_factory=_none)
    """Codes of the exited parents."""
    exit_status: Floats = field(default_factory=lambda: np.empty(0))
    """Wait status of the exited parents, NaN where it was not reported."""
    lifetime_s: Floats = field(default_factory=lambda: np.empty(0))
    serial: int = 0
    """How many exited parents there have been."""

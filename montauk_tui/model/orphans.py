"""Former parents of orphans: what the tree shows after the kernel reparented them."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np

from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import NO_START, UNKNOWN, Floats, Ints
from montauk_tui.model.tables import Table

_START_BITS: Final = 40

_LONGEST_CHAIN: Final = 64

_INEXACT_TICKS: Final = 10
"""A start that no event reported may be this late. No pid is reused so soon."""


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


class Kin(NamedTuple):
    """Processes and their parents."""

    pid: Ints
    ppid: Ints
    start_ticks: Ints
    """Of the process; may be UNKNOWN."""

    @classmethod
    def of(cls, table: Table) -> Self:
        """Return those of a table."""
        return cls(table.pid, table.ppid, table.start_ticks)


def living_ancestors(children: Kin, living: Kin, exited: Kin) -> Ints:
    """Return the pid of the nearest live ancestor; 0 for unknown.

    An ancestor has started before, also one that the kernel made the parent later: of
    the processes that had its pid it is the last one of these.

    Args:
        children: Whose parents to start from.
        living: With ascending pids.
        exited: Exited processes to search through.
    """
    code = codes(exited.pid, exited.start_ticks)
    order = np.argsort(code, kind="stable")
    code, exited = code[order], Kin(*(column[order] for column in exited))
    wanted, until = children.ppid.clip(0), _until(children.start_ticks)
    open_ = np.flatnonzero(wanted)
    for _ in range(_LONGEST_CHAIN):
        row, found = by_pid(living.pid, wanted[open_])
        found[found] = living.start_ticks[row[found]] <= until[open_[found]]
        open_ = open_[~found]
        if not open_.size:
            return wanted
        pid = wanted[open_]
        above = np.searchsorted(code, codes(pid, until[open_]), side="right") - 1
        is_exited = above >= 0
        is_exited[is_exited] = exited.pid[above[is_exited]] == pid[is_exited]
        wanted[open_] = 0
        open_, above = open_[is_exited], above[is_exited]
        wanted[open_] = exited.ppid[above].clip(0)
        until[open_] = _until(exited.start_ticks[above])
        open_ = open_[wanted[open_] > 0]
    wanted[open_] = 0
    return wanted


def parent_row(table: ProcessTable, ppid: int, start_ticks: int) -> int | None:
    """Return the row of the parent of a process; None where its pid is another's now.

    Args:
        table: Live processes.
        ppid: The parent's pid.
        start_ticks: The start of the child; may be UNKNOWN.
    """
    row = table.row_of_pid(ppid)
    if row is None:
        return None
    until = _until(np.array([start_ticks], dtype=np.int64))
    return row if table.start_ticks[row] <= until[0] else None


def _until(start_ticks: Ints) -> Ints:
    """Return when the parents of processes had started."""
    until: Ints = np.where(start_ticks == UNKNOWN, NO_START, start_ticks)
    return until + _INEXACT_TICKS


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

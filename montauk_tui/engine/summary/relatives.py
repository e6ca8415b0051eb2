"""The ancestors and descendants of a process."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.subtree import below
from montauk_tui.engine.tree import parents
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.orphans import codes, parent_row, starts_of
from montauk_tui.model.schema import NO_START, UNKNOWN, Bools, Ints, known_sum
from montauk_tui.model.text import clean

_MOST_ANCESTORS: Final = 24
_LATELY: Final = 64
"""Samples that are searched for an exited parent."""


PEOPLE: Final = " < "
"""Separates a process from its parent."""


class Branch(NamedTuple):
    """Sums over a process and its descendants."""

    children: Ints
    """Rows."""
    inside: Bools
    """Which rows are the process or a descendant."""
    processes: int
    """The process and its descendants."""
    cpu_pct: float
    """Of the processes whose use is known."""
    rss_bytes: int


def branch_of(frame: Frame, row: int) -> Branch:
    """Return the sums over a process and its descendants, without threads."""
    table = frame.sample.processes
    parent, whole = parents(table), table.is_process
    inside = below(parent, row) & whole
    rss = table.rss_bytes[inside]
    return Branch(
        children=np.flatnonzero((parent == row) & whole),
        inside=inside,
        processes=int(np.count_nonzero(inside)),
        cpu_pct=known_sum(frame.rates.cpu_pct[inside]),
        rss_bytes=int(rss[rss != UNKNOWN].sum()),
    )


class Ancestor(NamedTuple):
    """An ancestor."""

    name: str
    pid: int
    has_exited: bool


def ancestors(frame: Frame, code: int, ppid: int) -> list[Ancestor]:
    """Return the ancestors of a process, the parent first.

    The parent is the process that started it, as far as history knows: the kernel gives
    the children of an exited process another parent.

    Args:
        frame: The frame with the live processes.
        code: Whose (`lineage.codes`).
        ppid: The parent that the kernel names.
    """
    found: list[Ancestor] = []
    passed = {code}
    while len(found) < _MOST_ANCESTORS:
        above = _above(frame, code, ppid)
        if above is None or above[1] in passed:
            break
        ancestor, code, ppid = above
        passed.add(code)
        found.append(ancestor)
    return found


def _above(frame: Frame, code: int, ppid: int) -> tuple[Ancestor, int, int] | None:
    """Return the parent, its code, and the pid of its own parent."""
    orphans, table = frame.history.orphans, frame.sample.processes
    link = np.flatnonzero(orphans.child == code)
    if link.size:
        exited_parent = np.flatnonzero(orphans.code == orphans.parent[link[0]])
        if exited_parent.size:
            at = int(exited_parent[0])
            pid = int(orphans.code[at]) >> 40
            ancestor = Ancestor(
                clean(bytes(orphans.exited_parents.comm[at])), pid, has_exited=True
            )
            return ancestor, int(orphans.code[at]), int(orphans.exited_parents.ppid[at])
    if ppid <= 0:
        return None
    (start,) = starts_of(np.array([code])).tolist()
    row = parent_row(table, ppid, start or UNKNOWN)
    if row is not None:
        ancestor = Ancestor(clean(bytes(table.comm[row])), ppid, has_exited=False)
        return (
            ancestor,
            _code(table.pid[row], table.start_ticks[row]),
            int(table.ppid[row]),
        )
    return _exited_lately(frame, ppid, start or NO_START)


def _exited_lately(
    frame: Frame, pid: int, until: int
) -> tuple[Ancestor, int, int] | None:
    """Return the last process that had a pid and had started by then."""
    for part in frame.history.exited[: -_LATELY - 1 : -1]:
        had = (part.exits.pid == pid) & (part.exits.start_ticks <= until)
        rows = np.flatnonzero(had)
        if rows.size:
            row, exits = int(rows[-1]), part.exits
            ancestor = Ancestor(clean(bytes(exits.comm[row])), pid, has_exited=True)
            code = _code(exits.pid[row], exits.start_ticks[row])
            return ancestor, code, int(exits.ppid[row])
    return None


def _code(pid: np.int64, start_ticks: np.int64) -> int:
    both: Ints = np.array([pid, start_ticks], dtype=np.int64)
    return int(codes(both[:1], both[1:])[0])


def ancestry_text(people: list[Ancestor]) -> str:
    """Return ancestors as text: `sh 4101 (exited) < make 3990 < systemd 1`."""
    return PEOPLE.join(
        f"{one.name or NOTHING_KNOWN} {one.pid}{' (exited)' if one.has_exited else ''}"
        for one in people
    )

"""Remembering parents that ended while their children live.

The kernel hangs such children from init or a subreaper: without a memory the tree
would jump.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.engine.listing.rows import status_of
from montauk_tui.model.join import same_process
from montauk_tui.model.kinds import RowKind, numbers
from montauk_tui.model.orphans import Lineage, codes
from montauk_tui.model.sample import ProcessTable, Sample
from montauk_tui.model.schema import Bools, Ints, as_floats

MOST_GHOSTS: Final = 512
_MOST_LINKS: Final = 4096
_LONGEST_CHAIN: Final = 16
"""Ghosts above one another: a process that forks and ends leaves one each time."""


def follow(lineage: Lineage, previous: Sample | None, current: Sample) -> Lineage:
    """Return `lineage` after `current`: more where parents ended, less without need.

    A ghost is kept as long as a process lives that hangs from it, directly or through
    other ghosts; only rows of `previous` become ghosts.
    """
    before = ProcessTable.empty() if previous is None else previous.processes
    moved = _moved(before, current.processes)
    if not moved.size and not lineage.child.size:
        return lineage
    living = codes(current.processes.pid, current.processes.start_ticks)
    known = codes(before.pid, before.start_ticks)
    gone = np.flatnonzero(~_among(living, known))
    lineage = _linked(lineage, before, np.concatenate([moved, gone]))
    kept, needed = _needed(lineage, living)
    lineage = _haunted(lineage, before, known, needed)
    haunted = np.isin(lineage.parent, lineage.code)
    valid = kept & (haunted | _among(living, lineage.parent))
    last = np.flatnonzero(valid)[-_MOST_LINKS:]
    lineage = replace(lineage, child=lineage.child[last], parent=lineage.parent[last])
    return _told(lineage, current)


def _among(ordered: Ints, wanted: Ints) -> Bools:
    """Tell which of `wanted` are in `ordered`, the codes of a table."""
    if not ordered.size:
        return np.zeros(len(wanted), dtype=np.bool_)
    place = np.searchsorted(ordered, wanted).clip(max=len(ordered) - 1)
    found: Bools = ordered[place] == wanted
    return found


def _moved(before: ProcessTable, table: ProcessTable) -> Ints:
    """Return the rows of `before` of those that have another parent now."""
    join = same_process(before, table)
    if not len(before):
        return np.empty(0, dtype=np.int64)
    moved = join.found & table.is_process & (before.ppid[join.row] != table.ppid)
    rows: Ints = join.row[moved]
    return rows


def _linked(lineage: Lineage, before: ProcessTable, rows: Ints) -> Lineage:
    """Return `lineage` with the parents that some rows of `before` had there."""
    if not rows.size:
        return lineage
    at = np.searchsorted(before.pid, before.ppid[rows]).clip(max=len(before) - 1)
    start = before.start_ticks
    is_parent = (before.pid[at] == before.ppid[rows]) & (start[at] <= start[rows])
    known = codes(before.pid, start)
    child, parent = known[rows[is_parent]], known[at[is_parent]]
    is_new = ~np.isin(child, lineage.child) & (child != parent)
    return replace(
        lineage,
        child=np.concatenate([lineage.child, child[is_new]]),
        parent=np.concatenate([lineage.parent, parent[is_new]]),
    )


def _needed(lineage: Lineage, living: Ints) -> tuple[Bools, Ints]:
    """Return which links lead up from the living, and who of them is gone."""
    kept = _among(living, lineage.child)
    needed, below = living[:0], kept
    for _ in range(_LONGEST_CHAIN):
        above = np.unique(lineage.parent[below])
        above = above[~(_among(living, above) | np.isin(above, needed))]
        if not above.size:
            break
        needed = np.concatenate([needed, above])
        below = np.isin(lineage.child, above)
        kept = kept | below
    return kept, needed


def _haunted(
    lineage: Lineage, before: ProcessTable, known: Ints, needed: Ints
) -> Lineage:
    """Return `lineage` with the ghosts that are needed, as far as they were seen."""
    stay = np.isin(lineage.code, needed)
    seen = needed[_among(known, needed) & ~np.isin(needed, lineage.code)]
    new = np.zeros(len(known), dtype=np.bool_)
    new[np.searchsorted(known, seen)] = True
    count = len(seen)
    serial = lineage.serial + count
    pid = numbers(RowKind.ORPHANS_PARENT, serial - np.arange(count))
    ghosts = before.only(new).with_columns({"pid": pid, "tgid": pid})
    ghosts = ghosts.merged(lineage.ghosts.only(stay))
    kept = np.arange(len(ghosts)) < MOST_GHOSTS
    unknown = np.full(count, np.nan)
    return replace(
        lineage,
        ghosts=ghosts.only(kept),
        code=np.concatenate([known[new], lineage.code[stay]])[kept],
        exit_status=np.concatenate([unknown, lineage.exit_status[stay]])[kept],
        lifetime_s=np.concatenate([unknown, lineage.lifetime_s[stay]])[kept],
        serial=serial,
    )


def _told(lineage: Lineage, current: Sample) -> Lineage:
    """Return `lineage` with how its ghosts ended, where this sample tells."""
    exits = current.exits
    if exits is None or not len(exits) or not lineage.code.size:
        return lineage
    _, ghost, row = np.intersect1d(
        lineage.code, codes(exits.pid, exits.start_ticks), return_indices=True
    )
    status, life_s = lineage.exit_status.copy(), lineage.lifetime_s.copy()
    status[ghost] = status_of(exits)[row]
    life_s[ghost] = as_floats(exits.lifetime_ns)[row] / 1e9
    return replace(lineage, exit_status=status, lifetime_s=life_s)

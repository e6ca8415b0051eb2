"""Keeping track of parents that exit before their children.

The kernel reparents such orphans to init or a subreaper: without a history the tree
would jump.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.engine.rows.build import status_of
from montauk_tui.model.join import by_pid, distinct, same_process
from montauk_tui.model.kinds import RowKind, numbers
from montauk_tui.model.orphans import Orphans, codes
from montauk_tui.model.sample import ProcessTable, Sample
from montauk_tui.model.schema import Bools, Ints, as_floats

MOST_EXITED_PARENTS: Final = 512
_MOST_LINKS: Final = 4096
_LONGEST_CHAIN: Final = 16
"""Exited parents in one line: a process that forks and exits adds one each time."""


def follow(orphans: Orphans, previous: Sample | None, current: Sample) -> Orphans:
    """Return `orphans` after `current`: with new exited parents, without unused ones.

    An exited parent is kept as long as it has a live descendant, directly or through
    other exited parents; only rows of `previous` become exited parents.
    """
    before = ProcessTable.empty() if previous is None else previous.processes
    moved = _moved(before, current.processes)
    if not moved.size and not orphans.child.size:
        return orphans
    living = codes(current.processes.pid, current.processes.start_ticks)
    known = codes(before.pid, before.start_ticks)
    exited = np.flatnonzero(~by_pid(living, known).found)
    orphans = _linked(orphans, before, np.concatenate([moved, exited]))
    kept, needed = _needed(orphans, living)
    orphans = _with_parents(orphans, before, known, needed)
    is_kept = np.isin(orphans.parent, orphans.code)
    valid = kept & (is_kept | by_pid(living, orphans.parent).found)
    last = np.flatnonzero(valid)[-_MOST_LINKS:]
    orphans = replace(orphans, child=orphans.child[last], parent=orphans.parent[last])
    return _with_status(orphans, current)


def _moved(before: ProcessTable, table: ProcessTable) -> Ints:
    """Return the rows of `before` that have another parent now."""
    join = same_process(before, table)
    if not len(before):
        return np.empty(0, dtype=np.int64)
    moved = join.found & table.is_process & (before.ppid[join.row] != table.ppid)
    rows: Ints = join.row[moved]
    return rows


def _linked(orphans: Orphans, before: ProcessTable, rows: Ints) -> Orphans:
    """Return `orphans` with links to the parents of some rows of `before`."""
    if not rows.size:
        return orphans
    at, is_parent = by_pid(before.pid, before.ppid[rows])
    start = before.start_ticks
    is_parent &= start[at] <= start[rows]
    known = codes(before.pid, start)
    child, parent = known[rows[is_parent]], known[at[is_parent]]
    is_new = ~np.isin(child, orphans.child) & (child != parent)
    return replace(
        orphans,
        child=np.concatenate([orphans.child, child[is_new]]),
        parent=np.concatenate([orphans.parent, parent[is_new]]),
    )


def _needed(orphans: Orphans, living: Ints) -> tuple[Bools, Ints]:
    """Return which links lead up from live processes, and the exited parents there."""
    kept = by_pid(living, orphans.child).found
    needed, below = living[:0], kept
    for _ in range(_LONGEST_CHAIN):
        above = distinct(orphans.parent[below])
        above = above[~(by_pid(living, above).found | np.isin(above, needed))]
        if not above.size:
            break
        needed = np.concatenate([needed, above])
        below = np.isin(orphans.child, above)
        kept = kept | below
    return kept, needed


def _with_parents(
    orphans: Orphans, before: ProcessTable, known: Ints, needed: Ints
) -> Orphans:
    """Return `orphans` with the exited parents that are needed and were seen."""
    stay = np.isin(orphans.code, needed)
    seen = needed[by_pid(known, needed).found & ~np.isin(needed, orphans.code)]
    new = np.zeros(len(known), dtype=np.bool_)
    new[np.searchsorted(known, seen)] = True
    count = len(seen)
    serial = orphans.serial + count
    pid = numbers(RowKind.ORPHANS_PARENT, serial - np.arange(count))
    exited_parents = before.only(new).with_columns({"pid": pid, "tgid": pid})
    exited_parents = exited_parents.merged(orphans.exited_parents.only(stay))
    kept = np.arange(len(exited_parents)) < MOST_EXITED_PARENTS
    unknown = np.full(count, np.nan)
    return replace(
        orphans,
        exited_parents=exited_parents.only(kept),
        code=np.concatenate([known[new], orphans.code[stay]])[kept],
        exit_status=np.concatenate([unknown, orphans.exit_status[stay]])[kept],
        lifetime_s=np.concatenate([unknown, orphans.lifetime_s[stay]])[kept],
        serial=serial,
    )


def _with_status(orphans: Orphans, current: Sample) -> Orphans:
    """Return `orphans` with the status of exited parents that this sample reports."""
    exits = current.exits
    if exits is None or not len(exits) or not orphans.code.size:
        return orphans
    _, exited_parent, row = np.intersect1d(
        orphans.code, codes(exits.pid, exits.start_ticks), return_indices=True
    )
    status, life_s = orphans.exit_status.copy(), orphans.lifetime_s.copy()
    status[exited_parent] = status_of(exits)[row]
    life_s[exited_parent] = as_floats(exits.lifetime_ns)[row] / 1e9
    return replace(orphans, exit_status=status, lifetime_s=life_s)

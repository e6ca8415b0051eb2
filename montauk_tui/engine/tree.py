"""Processes as a forest by parent, in depth-first order.

Hot path: 1 ms for 10,000 processes, a level of the forest after the other. Only a
forest that is very deep, or has a ring, is walked row by row.
"""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.join import by_pid, distinct
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Floats, Ints

NO_PARENT = -1

_MOST_LEVELS: Final = 64


class Forest(NamedTuple):
    """Rows in depth-first order, with depth and position among siblings."""

    rows: Ints
    """Every row of the table exactly once."""
    depth: Ints
    """By position in `rows`; 0 for a root."""
    is_last: Bools
    """By position: whether no sibling follows."""


def parents(table: ProcessTable, hangs_from: Floats | None = None) -> Ints:
    """Return the row of each row's parent, NO_PARENT for a root.

    `hangs_from` names the pid of another row where it is not NaN.

    The parent of a thread is its process. /proc is not read atomically: the parent may
    be missing, or its pid may already belong to a process that is younger than the
    child, which cannot be the parent.
    """
    wanted = np.where(table.is_process, table.ppid, table.tgid)
    row, is_parent = by_pid(table.pid, wanted)
    own = table.start_ticks
    is_parent &= (own == UNKNOWN) | (own[row] <= own)
    is_parent &= row != np.arange(len(table))
    parent = np.where(is_parent, row, NO_PARENT)
    if hangs_from is not None:
        known = np.flatnonzero(np.isfinite(hangs_from))
        row, found = by_pid(table.pid, hangs_from[known].astype(np.int64))
        found &= row != known
        parent[known[found]] = row[found]
    return parent


def levels(parent: Ints) -> list[Ints] | None:
    """Return the rows by depth, the roots first; None if very deep, or with a ring."""
    left = np.flatnonzero(parent != NO_PARENT)
    found = [np.flatnonzero(parent == NO_PARENT)]
    is_found = parent == NO_PARENT
    while left.size:
        is_next = is_found[parent[left]]
        found.append(left[is_next])
        if not found[-1].size or len(found) > _MOST_LEVELS:
            return None
        is_found[found[-1]] = True
        left = left[~is_next]
    return found


def grow(parent: Ints, order: Ints) -> Forest:
    """Return the forest of `parent` links, siblings and roots in the given order.

    Links that form a ring have no root: the first row of the ring in the given order
    becomes one.

    Args:
        parent: Row of each row's parent, or NO_PARENT.
        order: A permutation of all rows.
    """
    found = levels(parent)
    if found is None:
        return _walked(parent, order)
    size = np.ones(len(parent), dtype=np.int64)
    for rows in found[:0:-1]:
        np.add.at(size, parent[rows], size[rows])
    # Siblings, one group after the other.
    row = order[np.argsort(parent[order], kind="stable")]
    is_first = np.ones(len(row), dtype=np.bool_)
    is_first[1:] = parent[row[1:]] != parent[row[:-1]]
    before = np.cumsum(size[row]) - size[row]
    place = np.empty(len(row), dtype=np.int64)
    place[row] = before - np.maximum.accumulate(np.where(is_first, before, 0))
    depth = np.zeros(len(row), dtype=np.int64)
    for level, rows in enumerate(found[1:], 1):
        place[rows] += place[parent[rows]] + 1
        depth[rows] = level
    walked, is_last = np.empty_like(place), np.ones_like(is_first)
    walked[place] = np.arange(len(row))
    is_last[place[row[:-1]]] = is_first[1:]
    return Forest(walked, depth[walked], is_last)


def _walked(parent: Ints, order: Ints) -> Forest:
    """Return the same as `grow`, from any links."""
    links, sequence = parent.tolist(), order.tolist()
    roots, children = _families(links, sequence)
    rows: list[int] = []
    depths: list[int] = []
    lasts: list[bool] = []
    seen = bytearray(len(links))

    def walk(top: list[int]) -> None:
        stack = [(row, 0, False) for row in reversed(top)]
        while stack:
            row, depth, last = stack.pop()
            seen[row] = 1
            rows.append(row)
            depths.append(depth)
            lasts.append(last)
            below = children[row]
            for index in range(len(below) - 1, -1, -1):
                is_last = index == len(below) - 1
                stack.append((below[index], depth + 1, is_last))

    walk(roots)
    for row in sequence:
        if not seen[row]:
            root = _on_ring(row, links)
            children[links[root]].remove(root)
            walk([root])
    depth = np.array(depths, dtype=np.int64)
    is_last = np.array(lasts, dtype=np.bool_)
    # Rings add roots one by one: the last of all is known at the end.
    is_last[np.flatnonzero(depth == 0)[-1:]] = True
    return Forest(np.array(rows, dtype=np.int64), depth, is_last)


def _families(
    links: list[int], sequence: list[int]
) -> tuple[list[int], list[list[int]]]:
    """Return the roots, and the children of every row, both in the given order."""
    children: list[list[int]] = [[] for _ in links]
    roots: list[int] = []
    for row in sequence:
        (roots if links[row] == NO_PARENT else children[links[row]]).append(row)
    return roots, children


def _on_ring(row: int, links: list[int]) -> int:
    """Return the first row of the ring that the ancestors of `row` end in."""
    passed: set[int] = set()
    while row not in passed:
        passed.add(row)
        row = links[row]
    return row


def with_ancestors(parent: Ints, kept: Bools) -> Bools:
    """Return `kept` and every ancestor of a kept row."""
    result = kept.copy()
    frontier = np.flatnonzero(kept)
    while frontier.size:
        above = parent[frontier]
        above = above[above != NO_PARENT]
        frontier = distinct(above[~result[above]])
        result[frontier] = True
    return result

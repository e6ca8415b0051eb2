"""From a frame and the user's choices to the rows of the screen, in order."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from montauk_tui.engine import query, tree
from montauk_tui.engine.columns import Column
from montauk_tui.engine.order import sort_rows
from montauk_tui.engine.query import EVERYTHING, Query
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Bools, Ints


@dataclass(frozen=True, slots=True)
class View:
    """What the user chose to see."""

    sort: Column
    descending: bool
    query: Query = EVERYTHING
    tree: bool = False
    kernel_threads: bool = False
    user_threads: bool = False
    uid: int | None = None
    """Only processes of this user."""


class Projection(NamedTuple):
    """The rows to show, top to bottom."""

    rows: Ints
    """Rows of the frame's table."""
    depth: Ints
    """By position; 0 everywhere in a flat list."""
    is_last: Bools
    """By position: whether no sibling follows."""
    is_context: Bools
    """By position: shown only because a descendant matches the filter."""
    hidden_kernel_threads: int

    def position_of(self, frame: Frame, identity: Identity) -> int | None:
        """Return where a process is shown, None where it is not."""
        row = frame.sample.processes.row_of(identity)
        if row is None:
            return None
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if found.size else None


def project(frame: Frame, view: View) -> Projection:
    """Return what `view` shows of `frame`; nothing is sampled anew."""
    table = frame.sample.processes
    shown = np.ones(len(table), dtype=np.bool_)
    if not view.kernel_threads:
        shown &= ~table.is_kernel
    if not view.user_threads:
        shown &= table.is_process
    hidden = 0 if view.kernel_threads else int(np.count_nonzero(table.is_kernel))
    wanted = shown & query.matching(view.query, frame)
    if view.uid is not None:
        wanted &= table.uid == view.uid
    order = sort_rows(view.sort.key(frame), descending=view.descending)
    if not view.tree:
        rows = order[wanted[order]]
        flat = np.zeros(len(rows), dtype=np.bool_)
        return Projection(rows, np.zeros(len(rows), dtype=np.int64), flat, flat, hidden)
    return _project_tree(frame, wanted, shown, order, hidden)


def _project_tree(
    frame: Frame, wanted: Bools, shown: Bools, order: Ints, hidden: int
) -> Projection:
    parent = tree.parents(frame.sample.processes)
    kept = tree.with_ancestors(parent, wanted) & shown
    # A child of a hidden row becomes a root, so that depth counts shown rows only.
    has_parent = parent != tree.NO_PARENT
    has_parent[has_parent] = kept[parent[has_parent]]
    renumbered = np.cumsum(kept) - 1
    small_parent = np.where(has_parent, renumbered[parent], tree.NO_PARENT)[kept]
    small_order = renumbered[order[kept[order]]]
    forest = tree.grow(small_parent, small_order)
    rows = np.flatnonzero(kept)[forest.rows]
    return Projection(rows, forest.depth, forest.is_last, ~wanted[rows], hidden)


def guides(projection: Projection, first: int, count: int) -> list[tuple[bool, ...]]:
    """Return for positions `first`... which lines of the tree pass or end there.

    For each position a flag a level, outermost first: whether the branch of that level
    goes on below. The last flag belongs to the row itself.
    """
    result: list[tuple[bool, ...]] = []
    for position in range(first, min(first + count, len(projection.rows))):
        depth = int(projection.depth[position])
        flags: list[bool] = []
        at = position
        for level in range(depth, 0, -1):
            # Its ancestor may stand thousands of rows above: no loop.
            at = int(np.flatnonzero(projection.depth[: at + 1] <= level)[-1])
            flags.append(not bool(projection.is_last[at]))
            at -= 1
        result.append(tuple(reversed(flags)))
    return result

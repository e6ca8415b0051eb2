"""The rows of a frame that the user chose to see, in order."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from montauk_tui.engine import query, tree
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.folds import UNFOLDED, Folded, Folds, fold
from montauk_tui.engine.order import sort_rows
from montauk_tui.engine.query import EVERYTHING, Query
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Bools, Ints


@dataclass(frozen=True, slots=True)
class View:
    """The user's choice of rows and order."""

    sort: Column
    descending: bool
    query: Query = EVERYTHING
    tree: bool = False
    kernel_threads: bool = False
    user_threads: bool = False
    containers: bool = True
    """Whether to show processes in containers."""
    uid: int | None = None
    """Only processes of this user."""
    folds: Folds = UNFOLDED
    """Branches of the tree; a filter opens those that hold a match."""


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
    folded: Folded | None
    """What the folded branches hide; None where none is folded."""
    hidden_in_containers: int | None = None
    """None where processes in containers are shown."""

    def frame_of(self, frame: Frame) -> Frame:
        """Return the frame to draw, with sums where branches are folded."""
        return frame if self.folded is None else self.folded.frame

    def hidden_at(self, position: int) -> int:
        """Return how many rows the row at `position` hides."""
        if self.folded is None:
            return 0
        return int(self.folded.hidden[self.rows[position]])

    def is_branch(self, position: int) -> bool:
        """Tell whether the row at `position` has children, hidden or not."""
        below = self.depth[position + 1 : position + 2]
        goes_on = bool(below.size) and bool(below[0] > self.depth[position])
        return goes_on or self.hidden_at(position) > 0

    def parent_of(self, position: int) -> int | None:
        """Return the position of the parent, None for a root."""
        above = np.flatnonzero(self.depth[:position] < self.depth[position])
        return int(above[-1]) if above.size else None

    def position_of(self, frame: Frame, identity: Identity) -> int | None:
        """Return the position of a process, None if it is not shown.

        One in a folded branch is shown by the row that hides it.
        """
        row = frame.sample.processes.row_of(identity)
        if row is None:
            return None
        if self.folded is not None and self.folded.holder[row] >= 0:
            row = int(self.folded.holder[row])
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
    inside = None
    if not view.containers:
        is_inside = table.in_container == 1
        inside = int(np.count_nonzero(shown & is_inside))
        shown &= ~is_inside
    hidden = 0 if view.kernel_threads else int(np.count_nonzero(table.is_kernel))
    wanted = shown & query.matching(view.query, frame)
    if view.uid is not None:
        wanted &= table.uid == view.uid
    if view.tree:
        projection = _project_tree(frame, view, wanted, shown, hidden)
        return projection._replace(hidden_in_containers=inside)
    order = _sorted(frame, view)
    rows = order[wanted[order]]
    flat = np.zeros(len(rows), dtype=np.bool_)
    level = np.zeros(len(rows), dtype=np.int64)
    return Projection(rows, level, flat, flat, hidden, None, inside)


def _sorted(frame: Frame, view: View) -> Ints:
    """Return all rows in the order of the view; groups of equal key by name."""
    key, ties = view.sort.key(frame), frame.extra.get("name_rank")
    return sort_rows(key, descending=view.descending, ties=ties)


def _project_tree(
    frame: Frame, view: View, wanted: Bools, shown: Bools, hidden: int
) -> Projection:
    parent = tree.parents(frame.sample.processes, frame.extra.get("hangs_from"))
    kept = tree.with_ancestors(parent, wanted) & shown
    # A child of a hidden row becomes a root, so that depth counts shown rows only.
    has_parent = parent != tree.NO_PARENT
    has_parent[has_parent] = kept[parent[has_parent]]
    parent = np.where(has_parent, parent, tree.NO_PARENT)
    folded = None
    if view.folds and not view.query and view.uid is None:
        closed = kept & view.folds.closed(frame)
        folded = fold(frame, parent, kept, closed)
        kept &= folded.holder < 0
        frame = folded.frame
    order = _sorted(frame, view)
    renumbered = np.cumsum(kept) - 1
    small_parent = np.where(parent >= 0, renumbered[parent], tree.NO_PARENT)[kept]
    small_order = renumbered[order[kept[order]]]
    forest = tree.grow(small_parent, small_order)
    rows = np.flatnonzero(kept)[forest.rows]
    return Projection(rows, forest.depth, forest.is_last, ~wanted[rows], hidden, folded)


def guides(projection: Projection, first: int, count: int) -> list[tuple[bool, ...]]:
    """Return for positions `first`... which lines of the tree pass or end there.

    For each position a flag a level, outermost first: whether the branch of that level
    goes on below. The last flag belongs to the row itself.
    """
    result: list[tuple[bool, ...]] = []
    depths = projection.depth[first : first + count].tolist()
    last = projection.is_last[first : first + count].tolist()
    if not depths:
        return []
    flags = _above(projection, first)
    for depth, is_last in zip(depths, last, strict=True):
        # The rows above it that are less deep are its ancestors.
        del flags[max(0, depth - 1) :]
        if depth:
            flags.append(not is_last)
        result.append(tuple(flags))
    return result


def _above(projection: Projection, position: int) -> list[bool]:
    """Return whether the branch of each ancestor of a row goes on below it."""
    flags: list[bool] = []
    at = position - 1
    for level in range(int(projection.depth[position]) - 1, 0, -1):
        # An ancestor may be thousands of rows above: no loop.
        at = int(np.flatnonzero(projection.depth[: at + 1] <= level)[-1])
        flags.append(not bool(projection.is_last[at]))
        at -= 1
    return flags[::-1]

"""Folded branches of the tree, and the sums over the rows they hide."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine import tree
from montauk_tui.engine.rows.build import sums_of
from montauk_tui.engine.rows.exited_parents import real_pids, row_codes
from montauk_tui.model.frame import Frame
from montauk_tui.model.names import DEAD
from montauk_tui.model.orphans import codes
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN, Bools, Floats, Ints

_INIT: Final = 1

_ADDED: Final = ("utime", "stime", "threads", "rss_bytes", "read_bytes", "write_bytes")


@dataclass(frozen=True, slots=True)
class Folds:
    """Which branches are folded, by the identity of the process at their root."""

    everything: bool = False
    """Whether all are folded, except that of init."""
    others: frozenset[Identity] = frozenset()
    """The exceptions."""

    def __bool__(self) -> bool:
        """Tell whether any may be folded."""
        return self.everything or bool(self.others)

    def toggled(self, root: Identity) -> "Folds":
        """Return the folds with one branch folded or unfolded."""
        return replace(self, others=self.others ^ {root})

    def closed(self, frame: Frame) -> Bools:
        """Return which rows are the root of a folded branch, if they have one."""
        names = np.array(sorted(self.others), dtype=np.int64).reshape(-1, 2)
        of_groups = names[:, 0] < 0
        single = names[~of_groups]
        is_other = np.isin(row_codes(frame), codes(single[:, 0], single[:, 1]))
        is_other |= np.isin(frame.sample.processes.pid, names[of_groups, 0])
        usual = real_pids(frame) != _INIT
        folded: Bools = (usual & self.everything) ^ is_other
        return folded


UNFOLDED: Final = Folds()


class Folded(NamedTuple):
    """The rows of a tree after folding."""

    frame: Frame
    """With sums in the rows that hide others."""
    holder: Ints
    """By row: the row that hides it, or -1."""
    hidden: Ints
    """By row: how many rows it hides."""


def fold(frame: Frame, parent: Ints, kept: Bools, closed: Bools) -> Folded:
    """Fold the `closed` branches.

    Hot path: 2 ms for 10,000 processes.

    Args:
        frame: Where the values come from.
        parent: Row of each row's parent, or NO_PARENT.
        kept: Rows that are shown or hidden by a fold; the parent of one is one.
        closed: By row.
    """
    size, rows = len(parent), np.flatnonzero(kept)
    renumbered = np.cumsum(kept) - 1
    small_parent = np.where(parent >= 0, renumbered[parent], tree.NO_PARENT)[kept]
    holder = np.full(size, -1, dtype=np.int64)
    found = _holders(small_parent, closed[kept])
    holder[rows[found >= 0]] = rows[found[found >= 0]]
    group = np.where(holder >= 0, holder, np.arange(size))
    hidden = np.bincount(group, minlength=size) - 1
    if "live" not in frame.extra:
        frame = _with_sums(frame, group, hidden > 0)
    return Folded(frame, holder, hidden.clip(0))


def _holders(parent: Ints, closed: Bools) -> Ints:
    """Return by row the outermost closed row above it, or -1."""
    levels = tree.levels(parent)
    if levels is None:
        forest = tree.grow(parent, np.arange(len(parent)))
        places = _holders_walked(forest.depth.tolist(), closed[forest.rows].tolist())
        holder = np.full(len(parent), -1, dtype=np.int64)
        holder[forest.rows] = np.where(places >= 0, forest.rows[places], -1)
        return holder
    holder = np.full(len(parent), -1, dtype=np.int64)
    for rows in levels[1:]:
        above = parent[rows]
        nearest = np.where(closed[above], above, -1)
        holder[rows] = np.where(holder[above] >= 0, holder[above], nearest)
    return holder


def _holders_walked(depths: list[int], closed: list[bool]) -> Ints:
    """Return by position of a walk the position that hides it, or -1."""
    holders: list[int] = []
    holder, below = -1, -1
    for place, depth in enumerate(depths):
        if holder >= 0 and depth > below:
            holders.append(holder)
            continue
        holders.append(-1)
        holder, below = (place, depth) if closed[place] else (-1, -1)
    return np.array(holders, dtype=np.int64)


def _with_sums(frame: Frame, group: Ints, roots: Bools) -> Frame:
    """Return `frame` with the sums over each group in the row of its root.

    A thread is part of its process; exited processes hold no memory and no threads.
    """
    table = frame.sample.processes
    whole = table.is_process
    columns: dict[str, Ints] = {}
    for name in table.names.intersection(_ADDED):
        values = getattr(table, name)
        counted = whole & (values != UNKNOWN)
        if name in ("rss_bytes", "threads"):
            counted &= table.state != DEAD
        sums = np.zeros(len(table), dtype=np.int64)
        np.add.at(sums, group[counted], values[counted])
        some = np.bincount(group[counted], minlength=len(table)) > 0
        columns[name] = np.where(roots, np.where(some, sums, UNKNOWN), values)
    sample = replace(frame.sample, processes=table.with_columns(columns))

    def summed(values: Floats) -> Floats:
        sums = sums_of(np.where(whole, values, np.nan), group, len(table))
        return np.where(roots, sums, values)

    per_s = {name: summed(values) for name, values in frame.rates.per_s.items()}
    rates = replace(frame.rates, cpu_pct=summed(frame.rates.cpu_pct), per_s=per_s)
    extra = dict(frame.extra)
    if "used_s" in extra:
        # The value of the root alone.
        extra["used_s"] = np.where(roots, np.nan, extra["used_s"])
    return replace(frame, sample=sample, rates=rates, extra=extra)

"""The descendants of processes."""

from collections.abc import Iterable

import numpy as np

from montauk_tui.engine.tree import NO_PARENT, parents
from montauk_tui.model.join import distinct
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Bools, Ints


def with_descendants(table: ProcessTable, roots: Iterable[Identity]) -> list[Identity]:
    """Return processes and their descendants, parents before children.

    Processes that are not in the table are left out, with the threads below them.
    """
    found = [table.row_of(root) for root in roots]
    level = distinct(np.array([row for row in found if row is not None], np.int64))
    parent, is_process = parents(table), table.is_process
    taken = np.zeros(len(table), dtype=np.bool_)
    result: list[Identity] = []
    while level.size:
        taken[level] = True
        result += [table.identity(row) for row in level.tolist()]
        level = np.flatnonzero(np.isin(parent, level) & is_process & ~taken)
    return result


def processes_of(table: ProcessTable, rows: Iterable[Identity]) -> list[Identity]:
    """Return the process of each thread, each once; others are returned unchanged."""
    result: dict[Identity, None] = {}
    for identity in rows:
        row = table.row_of(identity)
        process = identity
        if row is not None and not table.is_process[row]:
            place = table.row_of_pid(int(table.tgid[row]))
            if place is not None:
                process = table.identity(place)
        result[process] = None
    return list(result)


def below(parent: Ints, root: int) -> Bools:
    """Return which rows are `root` or descend from it.

    Every step looks twice as far up, so that a chain of thousands takes a few.

    Args:
        parent: Row of each row's parent, or NO_PARENT.
        root: A row.
    """
    size = len(parent)
    inside = np.zeros(size + 1, dtype=np.bool_)
    inside[root] = True
    # A row without parent points to one behind the last, which points to itself.
    above = np.append(np.where(parent == NO_PARENT, size, parent), size)
    for _ in range(size.bit_length()):
        if (above == size).all():
            break
        inside |= inside[above]
        above = above[above]
    return inside[:size]

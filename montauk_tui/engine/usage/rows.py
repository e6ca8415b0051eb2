"""The rows of a tree of processes: sums of each with all its descendants."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from montauk_tui.engine.usage.nodes import LONGEST, NO_NODE, Nodes, merging
from montauk_tui.engine.usage.sums import Sums, Used
from montauk_tui.engine.usage.tree import TreeSums
from montauk_tui.model.schema import Bools, Ints

_LEAST_FOLDED: Final = 3
"""Processes of one name, as in Main."""
_MOST_COMMANDS: Final = 1 << 19


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One process, or some with a name, user and parent in common."""

    place: int
    """Among all rows."""
    above: int | None
    """The place of the parent's row, which comes before."""
    depth: int
    name: str
    user: str
    """Empty for unknown."""
    pid: int | None
    """None for several processes."""
    processes: int
    command: str
    """The command line, which may be cut; empty if it is unknown or they differ."""
    own: Used
    whole: Used
    """With all descendants."""

    @property
    def is_cut(self) -> bool:
        """Whether the command line may be longer."""
        return len(self.command) >= LONGEST


def rows_of(tree: TreeSums) -> list[TreeRow]:
    """Return the rows, parents first, of equals those with the most CPU time first.

    Three or more processes of one parent, name and user become one row where they have
    exited, and where they are live, have no children, and an equal command line.
    """
    nodes, own = _folded(tree)
    whole = own.merged(np.arange(nodes.size))
    for level in nodes.levels()[:0:-1]:
        whole.add_up(level, nodes.parent[level])
    texts, rows = tree.names.texts, list[TreeRow]()
    places: dict[int, int] = {}
    for node in _in_order(nodes, whole):
        name, above = texts[int(nodes.name[node])], int(nodes.parent[node])
        pid, processes = int(nodes.pid[node]), int(nodes.processes[node])
        place = places[node] = len(rows)
        rows.append(
            TreeRow(
                place, places.get(above), int(nodes.depth[node]), name.text, name.user,
                pid if processes == 1 and pid > 0 else None, processes,
                nodes.command(node), own.used(node), whole.used(node),
            )
        )  # fmt: skip
    return rows


def most_used(rows: list[TreeRow], limit: int | None) -> list[TreeRow]:
    """Return the rows with the most CPU time, which have those above them too."""
    if limit is None or limit >= len(rows):
        return rows
    order = sorted(range(len(rows)), key=lambda it: (-rows[it].whole.cpu_s, it))
    return [rows[place] for place in sorted(order[:limit])]


def _folded(tree: TreeSums) -> tuple[Nodes, Sums]:
    nodes = tree.nodes
    is_live = np.zeros(nodes.size, dtype=np.bool_)
    is_live[tree.live] = True
    has_children = np.zeros(nodes.size, dtype=np.bool_)
    has_children[nodes.parent[nodes.parent >= 0]] = True
    kind = _kinds(nodes, is_live)
    into = merging(nodes, is_live & has_children, kind, _LEAST_FOLDED)
    return nodes.merged(into), tree.sums.merged(into)


def _kinds(nodes: Nodes, is_live: Bools) -> Ints:
    """Return a number for each command line of live processes, 0 for exited ones."""
    kind = np.zeros(nodes.size, dtype=np.int64)
    numbers: dict[str, int] = {}
    for node in np.flatnonzero(is_live).tolist():
        number = numbers.setdefault(nodes.command(node), len(numbers) + 1)
        kind[node] = min(number, _MOST_COMMANDS)
    return kind


def _in_order(nodes: Nodes, whole: Sums) -> Iterator[int]:
    """Yield nodes, parents first, of equals those with the most CPU time first.

    What stands for no process is left out where it has neither CPU time nor children.
    """
    cpu_s = whole.cpu_s(nodes.size)
    below: dict[int, list[int]] = {}
    # What comes last is taken first.
    for node in np.lexsort((-np.arange(nodes.size), cpu_s)).tolist():
        below.setdefault(int(nodes.parent[node]), []).append(node)
    waiting = below.get(NO_NODE, [])
    while waiting:
        node = waiting.pop()
        if nodes.processes[node] or node in below or cpu_s[node]:
            yield node
        waiting += below.get(node, [])

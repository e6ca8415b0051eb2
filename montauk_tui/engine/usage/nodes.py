"""The nodes of a tree of processes: who started whom, and names."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.groups.criteria import KERNEL
from montauk_tui.engine.usage.groups import MOST_NAMES, OTHERS
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.schema import UNKNOWN, Bools, Ints
from montauk_tui.model.text import clean

MOST_LEVELS: Final = 64
"""Processes in one line; a child of the last one stands beside it."""

NO_NODE: Final = -1
KERNEL_NODE: Final = 0
"""The node of all kernel threads."""
LOST_NODE: Final = 1
"""The parent of processes whose parent is not known."""

NO_PARENT: Final = "(parent not known)"
_NO_NAME: Final = "(name not known)"
LONGEST: Final = 200
"""Characters of a command line."""
_FIRST: Final = 1024
_NAME_BITS: Final = 17
_KIND_BITS: Final = 20
_SPECIAL: Final = 2


class Name(NamedTuple):
    """What processes are folded by."""

    text: str
    user: str
    """Empty for unknown."""


class Names:
    """Numbers names of processes with their users."""

    def __init__(self) -> None:
        """Number those that are no processes."""
        self.texts = [Name(KERNEL, ""), Name(NO_PARENT, ""), Name(OTHERS, "")]
        self._numbers: dict[tuple[bytes, int], int] = {}

    def numbers(
        self, comms: Sequence[bytes], uids: Sequence[int], lookups: Lookups
    ) -> Ints:
        """Return the number of each name and user."""
        known = self._numbers
        found = [known.get(key, -1) for key in zip(comms, uids, strict=True)]
        if -1 in found:
            for place, number in enumerate(found):
                if number < 0:
                    found[place] = self._new(comms[place], uids[place], lookups)
        return np.array(found, dtype=np.int64)

    def _new(self, comm: bytes, uid: int, lookups: Lookups) -> int:
        if (comm, uid) in self._numbers:
            return self._numbers[comm, uid]
        if len(self.texts) >= MOST_NAMES:
            return self.texts.index(Name(OTHERS, ""))
        user = "" if uid == UNKNOWN else lookups.user(uid)
        self.texts.append(Name(clean(comm) or _NO_NAME, user))
        self._numbers[comm, uid] = len(self.texts) - 1
        return len(self.texts) - 1


class Nodes:
    """Columns of nodes; the parent of a node comes before it."""

    def __init__(self) -> None:
        """Start with the nodes that are no processes."""
        self.size = 0
        self._columns = np.zeros((5, _FIRST), dtype=np.int64)
        self.commands: dict[int, str] = {}
        """Command lines, as far as they are known."""
        special = np.arange(_SPECIAL)
        nobody = np.full(_SPECIAL, NO_NODE)
        self.add(nobody, special, nobody, nobody * 0)

    # Views, so that they can be written to.

    @property
    def parent(self) -> Ints:
        """The node of each parent, or NO_NODE."""
        return self._columns[0, : self.size]

    @property
    def depth(self) -> Ints:
        """How many nodes are above each."""
        return self._columns[1, : self.size]

    @property
    def name(self) -> Ints:
        """Numbers of names."""
        return self._columns[2, : self.size]

    @property
    def pid(self) -> Ints:
        """Of one process each; that of others is that of any of them."""
        return self._columns[3, : self.size]

    @property
    def processes(self) -> Ints:
        """How many processes each stands for."""
        return self._columns[4, : self.size]

    def add(self, parent: Ints, name: Ints, pid: Ints, processes: Ints) -> Ints:
        """Add nodes and return their numbers."""
        first, self.size = self.size, self.size + len(parent)
        if self.size > self._columns.shape[1]:
            wider = np.zeros((5, 2 * self.size), dtype=np.int64)
            wider[:, :first] = self._columns[:, :first]
            self._columns = wider
        too_deep = (parent >= 0) & (self.depth[parent] >= MOST_LEVELS - 1)
        parent = np.where(too_deep, self.parent[parent], parent)
        depth = np.where(parent >= 0, self.depth[parent] + 1, 0)
        new = slice(first, self.size)
        self._columns[:, new] = (parent, depth, name, pid, processes)
        return np.arange(first, self.size)

    def command(self, node: int) -> str:
        """Return the command line, which may be cut; empty for unknown."""
        return self.commands.get(node, "")[:LONGEST]

    def levels(self) -> list[Ints]:
        """Return the nodes of each depth, the roots first."""
        order = np.argsort(self.depth, kind="stable")
        ends = np.cumsum(np.bincount(self.depth))
        return np.split(order, ends[:-1])

    def merged(self, into: Ints) -> "Nodes":
        """Return the nodes that these become; `into` has the new number of each."""
        result = Nodes()
        count = int(into.max()) + 1
        result.add(*(np.zeros(count - _SPECIAL, dtype=np.int64),) * 4)
        # The first of those that become one stays.
        back = slice(None, None, -1)
        for name in ("depth", "name", "pid"):
            getattr(result, name)[into[back]] = getattr(self, name)[back]
        above = np.where(self.parent >= 0, into[self.parent], NO_NODE)
        result.parent[into[back]] = above[back]
        result.processes[:] = 0
        np.add.at(result.processes, into, self.processes)
        for node, text in self.commands.items():
            same = result.commands.setdefault(int(into[node]), text)
            if same != text:
                result.commands[int(into[node])] = ""
        return result


def merging(
    nodes: Nodes, separate: Bools, kind: Ints | None = None, least: int = 1
) -> Ints:
    """Return new numbers, equal for nodes of one parent and name, parents first.

    Args:
        nodes: The nodes.
        separate: Which of them stay as they are.
        kind: Those of different kinds do not become one.
        least: Fewer processes stay as they are.
    """
    into = np.full(nodes.size, NO_NODE)
    separate = separate.copy()
    separate[:_SPECIAL] = True
    count = 0
    for level in nodes.levels():
        above = np.where(nodes.parent[level] >= 0, into[nodes.parent[level]], NO_NODE)
        key = ((above + 1) << _NAME_BITS) | nodes.name[level]
        if kind is not None:
            key = (key << _KIND_BITS) | kind[level]
        groups, of = np.unique(key, return_inverse=True)
        processes = np.bincount(of, nodes.processes[level], len(groups))
        alone = separate[level] | (processes[of] < least)
        into[level[alone]] = count + np.arange(int(alone.sum()))
        count += int(alone.sum())
        groups, of = np.unique(key[~alone], return_inverse=True)
        into[level[~alone]] = count + of
        count += len(groups)
    return into

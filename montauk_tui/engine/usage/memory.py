"""The memory of each process and all its descendants, at each sample."""

import numpy as np

from montauk_tui.engine.usage.nodes import Nodes
from montauk_tui.engine.usage.sums import Sums
from montauk_tui.model.join import distinct
from montauk_tui.model.schema import Floats, Ints


class Branches:
    """Which nodes live processes add up to; the same while none starts or exits."""

    def __init__(self) -> None:
        """Start without processes."""
        self._of: Ints = np.zeros(0, dtype=np.int64)
        self._steps: list[tuple[Ints, Ints]] = []
        """Nodes and their parents, the deepest first."""
        self._all = self._of
        """All nodes that are sums of live processes."""

    def follow(self, nodes: Nodes, of: Ints) -> None:
        """Take the node of each live process."""
        depth = nodes.depth[of]
        self._of, self._steps = of, []
        here = self._of[:0]
        for level in range(int(depth.max(initial=0)), -1, -1):
            here = distinct(np.concatenate([here, of[depth == level]]))
            self._steps.append((here, nodes.parent[here]))
            here = self._steps[-1][1]
        self._all = np.concatenate([here for here, _ in self._steps])

    def add(self, sums: Sums, rss_bytes: Floats) -> None:
        """Raise the memory of nodes to the sum of the live processes below them.

        Args:
            sums: Those of the nodes.
            rss_bytes: Of each live process; NaN for unknown.
        """
        known = np.isfinite(rss_bytes)
        if not known.any():
            return
        total = np.zeros(int(self._all.max()) + 1)
        np.add.at(total, self._of[known], rss_bytes[known])
        for here, above in self._steps[:-1]:
            np.add.at(total, above, total[here])
        sums.raise_peak(self._all, total[self._all])

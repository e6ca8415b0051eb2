"""Sums over intervals by program, user, cgroup, unit or container."""

from typing import Final

import numpy as np

from montauk_tui.engine.groups.criteria import KERNEL, Criterion, cgroups_of
from montauk_tui.engine.rows.build import sums_of
from montauk_tui.engine.usage.interval import IntervalUsage
from montauk_tui.engine.usage.sums import (
    EXITED,
    EXITS,
    FAILURES,
    LIVE,
    Sums,
    Used,
)
from montauk_tui.model.schema import Ints, as_floats

OTHERS: Final = "(other names)"
"""The group of all names beyond the most that are kept."""
MOST_NAMES: Final = 1 << 16


class GroupSums:
    """What each group of a criterion used in the intervals that were added.

    The CPU-seconds add up to those of the ledgers. Values that are not known count as
    0. A process counts for the group that it was in when it used them.
    """

    def __init__(self, criterion: Criterion) -> None:
        """Start without intervals."""
        self._criterion = criterion
        self._numbers: dict[str, int] = {}
        self._of: Ints = np.zeros(0, dtype=np.int64)
        """The group of each live process of the last interval."""
        self._sums = Sums()

    def add(self, interval: IntervalUsage) -> None:
        """Add an interval, which follows the one that was added last."""
        kept = interval.is_same
        found, of_exits = self._find(interval)
        # Most often nothing has changed.
        if len(found) or len(kept) != len(self._of):
            of = np.full(len(kept), -1)
            of[kept] = self._of[interval.before[kept]]
            of[~kept] = found
            self._of = of
        of = self._of
        self._sums.grow(len(self._numbers))
        self._sums.add(LIVE, of, interval.live_s)
        self._sums.add(EXITED, of, interval.exited_s)
        if len(of_exits):
            self._sums.add(EXITED, of_exits, interval.exit_s)
            self._sums.add(EXITS, of_exits, np.ones(len(of_exits)))
            self._sums.add(FAILURES, of_exits, interval.failed.astype(np.float64))
            self._sums.raise_peak(of_exits, as_floats(interval.exits.peak_rss_bytes))
        if interval.ledger is not None:
            self._add_memory(interval)

    def _add_memory(self, interval: IntervalUsage) -> None:
        size = len(self._numbers)
        total = sums_of(interval.rss_bytes, self._of, size)
        self._sums.raise_peak(np.arange(size), total)

    def _find(self, interval: IntervalUsage) -> tuple[Ints, Ints]:
        """Return the groups of new live processes, and of the exits."""
        members, criterion = interval.news, self._criterion
        names = criterion.names(members, cgroups_of(members) if criterion.need else [])
        new_kernel = members.living.sample.processes.is_kernel
        of_kernel = np.concatenate([new_kernel, interval.of_kernel])
        for place in np.flatnonzero(of_kernel).tolist():
            names[place] = KERNEL
        numbers = np.array([self._number(name) for name in names], dtype=np.int64)
        count = len(numbers) - len(interval.exits)
        return numbers[:count], numbers[count:]

    def _number(self, name: str) -> int:
        numbers = self._numbers
        if len(numbers) >= MOST_NAMES and name not in numbers:
            name = OTHERS
        return numbers.setdefault(name, len(numbers))

    def ordered(self) -> list[tuple[str, Used]]:
        """Return the groups, those with the most CPU time first."""
        groups = [(name, self._sums.used(row)) for name, row in self._numbers.items()]
        return sorted(groups, key=lambda it: (-it[1].cpu_s, it[0]))

"""Totals of groups since the start, for as many groups as a reader can bear.

Each growth is counted once: in the group, or in `OTHER` while the group has no account.
So no total ever falls. A group has an account until it has had no process for `KEEP_S`.
When all are taken, a group that uses clearly more CPU time than one of those that have
an account for so long takes its place. New accounts are therefore bounded in number,
whatever names processes give themselves.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from montauk_tui.engine.groups.assigned import OTHER
from montauk_tui.engine.groups.counted import COUNTERS, GAUGES, GroupCounts
from montauk_tui.model.schema import Floats

MOST_GROUPS: Final = 200
KEEP_S: Final = 300.0

_MOST_CLOSED: Final = 2_000
"""Groups without an account whose totals are kept."""

_MOST_WATCHED: Final = 1_000
"""Groups without an account whose CPU use is known."""

_CLEARLY: Final = 2.0
_LEAST_S: Final = 1.0
"""CPU-seconds lately for which another account is closed."""


@dataclass(slots=True)
class _Account:
    place: int
    opened_s: float
    seen_s: float


class Accounts:
    """The totals of each group with an account, and of `OTHER` in the last place."""

    def __init__(self, most: int = MOST_GROUPS) -> None:
        """Begin without a group.

        Args:
            most: Number of groups beside `OTHER`.
        """
        self._most = most
        self._open: dict[str, _Account] = {}
        self._free = [*reversed(range(most))]
        self._closed: dict[str, Floats] = {}
        """The totals of groups that may come back, the last closed last."""
        self._lately: dict[str, float] = {}
        """CPU-seconds of each group, old ones forgotten bit by bit."""
        self._added_s = math.nan
        self.totals = np.zeros((most + 1, len(COUNTERS)))
        self.held = np.zeros((most + 1, len(GAUGES)))
        self.folded = 0
        """Groups that are in `OTHER` now."""
        self.changes = 0
        """How often accounts were opened or closed."""

    def __len__(self) -> int:
        """Return the number of groups with an account."""
        return len(self._open)

    def places(self) -> Iterator[tuple[int, str]]:
        """Yield the place of each group and its name, `OTHER` last."""
        for name, account in self._open.items():
            yield account.place, name
        yield self._most, OTHER

    def add(self, counts: GroupCounts, now_s: float) -> None:
        """Add the counts of an interval that ended at a time of CLOCK_MONOTONIC."""
        used_s = counts.of("user_s") + counts.of("kernel_s")
        by_name = dict(zip(counts.names, used_s.tolist(), strict=False))
        by_name.pop(OTHER, None)
        self._watch(by_name, now_s)
        self._close_empty(by_name, now_s)
        self._admit(by_name, now_s)
        last = self._most
        places = [
            self._open[name].place if name in self._open else last
            for name in counts.names
        ]
        places.append(last)
        np.add.at(self.totals, places, counts.grown)
        self.held[:] = 0.0
        np.add.at(self.held, places, counts.held)
        self.folded = sum(name not in self._open for name in by_name)

    def _watch(self, by_name: dict[str, float], now_s: float) -> None:
        """Add to the CPU use of each group, and forget what is old."""
        passed_s = 0.0 if math.isnan(self._added_s) else now_s - self._added_s
        self._added_s = now_s
        left = math.exp(-max(passed_s, 0.0) / KEEP_S)
        lately = {name: used_s * left for name, used_s in self._lately.items()}
        for name, used_s in by_name.items():
            lately[name] = lately.get(name, 0.0) + used_s
        watched = sorted(lately.keys() - self._open.keys(), key=lately.__getitem__)
        for name in watched[:-_MOST_WATCHED]:
            del lately[name]
        self._lately = lately

    def _close_empty(self, by_name: dict[str, float], now_s: float) -> None:
        for name in by_name.keys() & self._open.keys():
            self._open[name].seen_s = now_s
        for name, account in [*self._open.items()]:
            if now_s - account.seen_s > KEEP_S:
                self._close(name)

    def _close(self, name: str) -> None:
        account = self._open.pop(name)
        self._closed[name] = self.totals[account.place].copy()
        if len(self._closed) > _MOST_CLOSED:
            del self._closed[next(iter(self._closed))]
        self._free.append(account.place)
        self.changes += 1

    def _admit(self, by_name: dict[str, float], now_s: float) -> None:
        """Open accounts for groups that have none, the busiest first."""
        lately = self._lately
        new = [name for name in by_name if name not in self._open and name in lately]
        new.sort(key=lately.__getitem__, reverse=True)
        old = sorted(
            (name for name, it in self._open.items() if now_s - it.opened_s > KEEP_S),
            key=lately.__getitem__,
        )
        for name in new:
            if not self._free:
                least = max(lately[old[0]] * _CLEARLY, _LEAST_S) if old else math.inf
                if lately[name] < least:
                    return
                self._close(old.pop(0))
            self._open_for(name, now_s)

    def _open_for(self, name: str, now_s: float) -> None:
        place = self._free.pop()
        self.totals[place] = self._closed.pop(name, 0.0)
        self._open[name] = _Account(place, now_s, now_s)
        self.changes += 1

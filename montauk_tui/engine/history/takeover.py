"""Events that two collectors report: one was open for a while before it takes over."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN, Bools, Ints
from montauk_tui.model.starts import StartTable

_LATE_S: Final = 60.0
"""How long another collector may be open before it takes over."""

_SAME_START_TICKS: Final = 1
"""A start computed from a lifetime may be on the other side of a tick."""

_SAME_MOMENT_NS: Final = 10**9
"""A process may lose its CPU between the two places in the kernel that report its exit;
no pid is reused so soon."""


class Reported:
    """What the collector in use has reported of late, for one that takes over."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._opening = 0
        self._late: deque[tuple[float, ExitTable | None, StartTable | None]] = deque()

    def without_repeats(self, sample: Sample, opening: int) -> Sample:
        """Return a sample without the events that an earlier collector reported.

        Args:
            sample: The next sample.
            opening: The number of its collector among those opened.
        """
        new = sample
        if opening != self._opening:
            exits = [one for _, one, _ in self._late if one is not None]
            starts = [one for *_, one in self._late if one is not None]
            if sample.exits is not None and exits:
                kept = sample.exits.only(unreported_exits(exits, sample.exits))
                new = replace(new, exits=kept)
            if sample.starts is not None and starts:
                begun = sample.starts.only(unreported_starts(starts, sample.starts))
                new = replace(new, starts=begun)
            self._opening = opening
            self._late.clear()
        # Not the sample: its processes are many.
        self._late.append((sample.monotonic_s, sample.exits, sample.starts))
        while self._late[0][0] < sample.monotonic_s - _LATE_S:
            self._late.popleft()
        return new

    def restart(self) -> None:
        """Forget all, as after a boot."""
        self._late.clear()


def unreported_exits(reported: Sequence[ExitTable], exits: ExitTable) -> Bools:
    """Return which of `exits` were not reported before.

    Without a known start, the times of the exits are compared.
    """
    known = defaultdict[int, list[tuple[int, int]]](list)
    for table in reported:
        columns = (table.pid, table.start_ticks, table.end_ns)
        for pid, *moments in zip(*map(np.ndarray.tolist, columns), strict=True):
            known[pid].append((moments[0], moments[1]))
    unreported = np.ones(len(exits), dtype=np.bool_)
    for row in _rows_of(exits.pid, known):
        now = int(exits.start_ticks[row]), int(exits.end_ns[row])
        pid = int(exits.pid[row])
        unreported[row] = not any(_is_same_exit(now, before) for before in known[pid])
    return unreported


def _is_same_exit(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether two exits of one pid, given as (start, end), are the same."""
    if UNKNOWN not in (one[0], other[0]):
        return abs(one[0] - other[0]) <= _SAME_START_TICKS
    return _is_same_moment(one[1], other[1])


def unreported_starts(reported: Sequence[StartTable], starts: StartTable) -> Bools:
    """Return which forks and execs were not reported before."""
    known = defaultdict[int, list[tuple[int, int]]](list)
    for table in reported:
        columns = (table.pid, table.kind, table.time_ns)
        for pid, *event in zip(*map(np.ndarray.tolist, columns), strict=True):
            known[pid].append((event[0], event[1]))
    unreported = np.ones(len(starts), dtype=np.bool_)
    for row in _rows_of(starts.pid, known):
        kind, time_ns = int(starts.kind[row]), int(starts.time_ns[row])
        events = known[int(starts.pid[row])]
        same = [
            event
            for event in events
            if event[0] == kind and _is_same_moment(event[1], time_ns)
        ]
        if same:
            events.remove(min(same, key=lambda event: abs(event[1] - time_ns)))
            unreported[row] = False
    return unreported


def _is_same_moment(one_ns: int, other_ns: int) -> bool:
    known = UNKNOWN not in (one_ns, other_ns)
    return known and abs(one_ns - other_ns) <= _SAME_MOMENT_NS


def _rows_of(pids: Ints, known: dict[int, list[tuple[int, int]]]) -> list[int]:
    wanted = np.fromiter(known, np.int64, len(known))
    rows: list[int] = np.flatnonzero(np.isin(pids, wanted)).tolist()
    return rows

"""The CPU time that the kernel had not counted yet when a process ended.

The run time of a thread is brought up to date at ticks and switches only, so what
taskstats reports of a short life is a fraction. The parent that waits for it is
credited with the final time (wait_task_zombie in kernel/exit.c): what the parents'
cutime and cstime grew by, less what the records say, is what the records lack.
"""

from typing import Final

import numpy as np

from montauk_tui.collectors.netlink.ends import EndArray
from montauk_tui.model.join import by_pid, find, same_process
from montauk_tui.model.lineage import living_ancestors
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Bools, Floats, Ints

_MOST_LACKING_NS: Final = 10_000_000
"""A tick at the lowest rate: no running thread is longer behind."""
_AFTERWARDS_NS: Final = 1_000_000
"""What a process may do after its record was made: give back memory and files."""


class Completion:
    """Shares out what parents were credited with, from one sample to the next."""

    def __init__(self, user_hz: int) -> None:
        """Owe nothing."""
        self._tick_ns = 10**9 // user_hz
        self._owed_ns: dict[Identity, float] = {}

    def lacking_ns(
        self, ends: EndArray, before: ProcessTable, now: ProcessTable
    ) -> Ints:
        """Return what the run time of each end lacks.

        Args:
            ends: Processes that ended since the previous sample.
            before: The processes of that sample.
            now: Those of this one.
        """
        if not len(before) or not len(now):
            return np.zeros(len(ends), dtype=np.int64)
        reaper, reaper_of_gone, is_gone, is_told = _who_waited(ends, before, now)
        # Nobody has waited for a zombie yet.
        is_paid = ends["has_stats"] & ~ends["is_zombie"] & (reaper >= 0)
        size = len(now)
        reported_ns = _sums(reaper[is_paid], ends["run_ns"][is_paid], size)
        left_ns = self._credited_ns(before, now) - reported_ns + self._owed(now)
        # What is not settled with a parent that is gone is with who waited for that.
        open_ = is_gone & (reaper_of_gone >= 0)
        left_ns += _sums(reaper_of_gone[open_], self._owed(before)[open_], size)
        for gone, names in (
            # What they had been credited with is passed on with what they used.
            (is_gone, ("cutime", "cstime")),
            (is_gone & ~is_told, ("utime", "stime")),
        ):
            known = gone & (reaper_of_gone >= 0)
            used = _ticks(before, names)[known] * self._tick_ns
            left_ns -= _sums(reaper_of_gone[known], used, size)
        room_ns = np.where(is_paid, _room_ns(ends), 0)
        room_of_all = _sums(reaper[is_paid], room_ns[is_paid], size)
        given_ns = np.minimum(left_ns, room_of_all).clip(0)
        self._owe(now, left_ns - given_ns, reported_ns)
        share = given_ns / np.maximum(room_of_all, 1)
        lacking: Ints = (room_ns * share[reaper]).astype(np.int64)
        return lacking

    def _credited_ns(self, before: ProcessTable, now: ProcessTable) -> Floats:
        """Return what each row's children added to it since the previous sample."""
        names = ("cutime", "cstime")
        join = same_process(before, now)
        grown = _ticks(now, names)
        grown[join.found] -= _ticks(before, names)[join.row[join.found]]
        credited: Floats = grown.clip(0) * float(self._tick_ns)
        return credited

    def _owed(self, table: ProcessTable) -> Floats:
        owed = np.zeros(len(table))
        for identity, owed_ns in self._owed_ns.items():
            row = table.row_of(identity)
            if row is not None:
                owed[row] = owed_ns
        return owed

    def _owe(self, now: ProcessTable, left_ns: Floats, reported_ns: Floats) -> None:
        """Carry over what the next sample will settle.

        Credits come in whole ticks, and for who is waited for after this sample later.
        What stays beyond that comes from children nobody waits for, or not seen.
        """
        ticks_ns = 2.0 * self._tick_ns
        left_ns = left_ns.clip(-reported_ns - ticks_ns, ticks_ns)
        rows = np.flatnonzero(left_ns).tolist()
        self._owed_ns = {now.identity(row): float(left_ns[row]) for row in rows}


def _room_ns(ends: EndArray) -> Ints:
    """Return how much more each may have used.

    A process cannot run for longer than it lives, unless it has threads.
    """
    lived_ns = ends["elapsed_us"] * 1000 + _AFTERWARDS_NS
    lived_ns += np.where(ends["is_group"], ends["run_ns"], 0)
    room: Ints = (lived_ns - ends["run_ns"]).clip(0, _MOST_LACKING_NS)
    return room


def _who_waited(
    ends: EndArray, before: ProcessTable, now: ProcessTable
) -> tuple[Ints, Ints, Bools, Bools]:
    """Return who was credited, as rows of `now`, -1 where that is not known.

    Returns:
        For each end, for each row of `before`, which of these rows are gone, and which
        of them are among the ends with what they used.
    """
    is_gone = ~same_process(now, before).found
    row, found = find(before, ends["pid"], ends["start_ticks"])
    is_told = np.zeros(len(before), dtype=np.bool_)
    is_told[row[found & ends["has_stats"]]] = True
    parent = before.ppid.copy()
    parent[row[found]] = ends["ppid"][found]
    dead = np.concatenate([before.pid[is_gone], ends["pid"]])
    dead_parent = np.concatenate([parent[is_gone], ends["ppid"]])
    wanted = np.concatenate([ends["ppid"], parent])
    ancestor = living_ancestors(wanted, now.pid, dead, dead_parent)
    row, lives = by_pid(now.pid, ancestor)
    living = np.where(lives & (ancestor > 0), row, -1)
    return living[: len(ends)], living[len(ends) :], is_gone, is_told


def _ticks(table: ProcessTable, names: tuple[str, str]) -> Ints:
    one, other = (getattr(table, name) for name in names)
    total: Ints = one + other
    return total


def _sums(rows: Ints, values: Ints | Floats, size: int) -> Floats:
    total: Floats = np.bincount(rows, values, size).astype(np.float64)
    return total

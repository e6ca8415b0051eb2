"""The CPU time that the kernel had not counted yet when a process ended.

The run time of a thread is brought up to date at ticks and switches only, so what
taskstats reports of a short life is a fraction. The parent that waits for it is
credited with the final time (wait_task_zombie in kernel/exit.c): what the parents'
cutime and cstime grew by, less what the records say, is what the records lack.
"""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.netlink.exit_joiner import EndArray
from montauk_tui.model.join import by_pid, find, same_process
from montauk_tui.model.orphans import living_ancestors
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Bools, Floats, Ints

_MOST_LACKING_NS: Final = 10_000_000
"""A tick at the lowest rate: no running thread is longer behind."""
_AFTERWARDS_NS: Final = 1_000_000
"""What a process may do after its record was made: give back memory and files."""


class _Waited(NamedTuple):
    """Who was credited, as rows of the table, -1 where that is not known."""

    reaper: Ints
    """Of each end."""
    reaper_of_gone: Ints
    """Of each row of the previous table."""
    reaper_of_unpaid: Ints
    is_gone: Bools
    """Which rows of the previous table are gone."""
    is_told: Bools
    """Which of them are among the ends with what they used."""
    unseen: Ints
    """Of each end, the pid of who waited and is no row yet; 0 where there is none."""


class Completion:
    """Shares out what parents were credited with, from one sample to the next."""

    def __init__(self, user_hz: int) -> None:
        """Owe nothing."""
        self._tick_ns = 10**9 // user_hz
        self._owed_ns: dict[Identity, float] = {}
        self._zombies_ns: dict[Identity, float] = {}
        self._unpaid_ns: dict[int, float] = {}
        """Run time of children that ended before their parent was a row, by its pid."""

    def lacking_ns(
        self,
        ends: EndArray,
        before: ProcessTable,
        now: ProcessTable,
        since_ticks: int = 0,
    ) -> Ints:
        """Return what the run time of each end lacks.

        Args:
            ends: Processes that ended since the previous sample.
            before: The processes of that sample.
            now: Those of this one.
            since_ticks: When that sample was taken; who is older and was not in it was
                credited with one does not know what.
        """
        if not len(before) or not len(now):
            return np.zeros(len(ends), dtype=np.int64)
        unpaid = np.array(list(self._unpaid_ns), dtype=np.int64)
        waited = _who_waited(ends, before, now, unpaid)
        # Nobody has waited for a zombie yet.
        is_over = ends["has_stats"] & ~ends["is_zombie"]
        is_paid = is_over & (waited.reaper >= 0)
        paying = waited.reaper[is_paid]
        reported_ns = _sums(paying, ends["run_ns"][is_paid], len(now))
        known = same_process(before, now).found | (now.start_ticks >= since_ticks)
        left_ns = self._credited_ns(before, now) - self._paid_before_ns(now, waited)
        left_ns = np.where(known, left_ns, 0.0) - reported_ns + self._owed(now)
        left_ns += self._passed_on_ns(before, len(now), waited)
        room_ns = np.where(is_paid, _room_ns(ends), 0)
        room_of_all = _sums(paying, room_ns[is_paid], len(now))
        given_ns = np.minimum(left_ns, room_of_all).clip(0)
        self._owe(now, left_ns - given_ns, reported_ns)
        self._remember_zombies(ends, now)
        self._wait_for_rows(ends[is_over], waited.unseen[is_over])
        share = given_ns / np.maximum(room_of_all, 1)
        lacking: Ints = (room_ns * share[waited.reaper]).astype(np.int64)
        return lacking

    def _passed_on_ns(self, before: ProcessTable, size: int, waited: _Waited) -> Floats:
        """Return what is not the ends' of the credit for rows that are gone."""
        heir = waited.reaper_of_gone
        is_gone = waited.is_gone & (heir >= 0)
        # What is not settled with a parent that is gone is with who waited for that.
        left_ns = _sums(heir[is_gone], self._owed(before)[is_gone], size)
        # What they had been credited with is passed on with what they used.
        used_ns = _ticks(before, ("cutime", "cstime")) * self._tick_ns
        own_ns = _ticks(before, ("utime", "stime")) * self._tick_ns
        for identity, run_ns in self._zombies_ns.items():
            row = before.row_of(identity)
            if row is not None:
                own_ns[row] = run_ns
        used_ns[~waited.is_told] += own_ns[~waited.is_told]
        left_ns -= _sums(heir[is_gone], used_ns[is_gone], size)
        return left_ns

    def _remember_zombies(self, ends: EndArray, now: ProcessTable) -> None:
        """Keep what was told of them, in nanoseconds, until somebody waits for them."""
        told = ends[ends["is_zombie"] & ends["has_stats"]]
        for pid, start_ticks, run_ns in zip(
            told["pid"].tolist(),
            told["start_ticks"].tolist(),
            told["run_ns"].tolist(),
            strict=True,
        ):
            self._zombies_ns[Identity(pid, start_ticks)] = run_ns
        self._zombies_ns = {
            identity: run_ns
            for identity, run_ns in self._zombies_ns.items()
            if now.row_of(identity) is not None
        }

    def _paid_before_ns(self, now: ProcessTable, waited: _Waited) -> Floats:
        """Return what of the credit is for ends of earlier samples."""
        known = waited.reaper_of_unpaid >= 0
        used_ns = np.array(list(self._unpaid_ns.values()), dtype=np.float64)
        return _sums(waited.reaper_of_unpaid[known], used_ns[known], len(now))

    def _wait_for_rows(self, ends: EndArray, unseen: Ints) -> None:
        self._unpaid_ns = {}
        for pid, run_ns in zip(unseen.tolist(), ends["run_ns"].tolist(), strict=True):
            if pid:
                self._unpaid_ns[pid] = self._unpaid_ns.get(pid, 0.0) + run_ns

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
    lived_ns = ends["elapsed_us"].clip(0) * 1000 + _AFTERWARDS_NS
    lived_ns += np.where(ends["is_group"], ends["run_ns"], 0)
    room: Ints = (lived_ns - ends["run_ns"]).clip(0, _MOST_LACKING_NS)
    return room


def _who_waited(
    ends: EndArray, before: ProcessTable, now: ProcessTable, unpaid: Ints
) -> _Waited:
    """Return who was credited with whose time; `unpaid` are pids."""
    is_gone = ~same_process(now, before).found
    row, found = find(before, ends["pid"], ends["start_ticks"])
    is_told = np.zeros(len(before), dtype=np.bool_)
    is_told[row[found & ends["has_stats"]]] = True
    parent = before.ppid.copy()
    parent[row[found]] = ends["ppid"][found]
    dead = np.concatenate([before.pid[is_gone], ends["pid"]])
    dead_parent = np.concatenate([parent[is_gone], ends["ppid"]])
    # Forked while the table was read: they are rows, or have ended, next time.
    unseen = np.setdiff1d(ends["ppid"].clip(0), np.concatenate([now.pid, dead, [0]]))
    wanted = np.concatenate([ends["ppid"], parent, unpaid])
    living = np.union1d(now.pid, unseen)
    ancestor = living_ancestors(wanted, living, dead, dead_parent)
    row, lives = by_pid(now.pid, ancestor)
    reaper = np.where(lives & (ancestor > 0), row, -1)
    of_ends, of_gone = len(ends), len(ends) + len(before)
    return _Waited(
        reaper[:of_ends],
        reaper[of_ends:of_gone],
        reaper[of_gone:],
        is_gone,
        is_told,
        np.where(np.isin(ancestor, unseen), ancestor, 0)[:of_ends],
    )


def _ticks(table: ProcessTable, names: tuple[str, str]) -> Ints:
    one, other = (getattr(table, name) for name in names)
    total: Ints = one + other
    return total


def _sums(rows: Ints, values: Ints | Floats, size: int) -> Floats:
    total: Floats = np.bincount(rows, values, size).astype(np.float64)
    return total

"""The CPU time that the kernel had not counted yet when a process exited.

The kernel updates the run time of a thread at ticks and switches only, so taskstats
reports a fraction for a short-lived process. The parent that reaps it is credited with
the final time (wait_task_zombie in kernel/exit.c): the growth of the parents' cutime
and cstime, less the times in the records, is what the records lack.
"""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.netlink.exit_joiner import JoinedExits
from montauk_tui.model.join import by_pid, distinct, find, same_process
from montauk_tui.model.orphans import Kin, living_ancestors
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Floats, Ints

_MOST_LACKING_NS: Final = 10_000_000
"""A tick at the lowest rate: no running thread is further behind."""
_AFTERWARDS_NS: Final = 1_000_000
"""What a process may run after its record was made, to free memory and files."""


class _Waited(NamedTuple):
    """Which processes were credited, as rows of the table, -1 for unknown."""

    reaper: Ints
    """Of each exit."""
    reaper_of_exited: Ints
    """Of each row of the previous table."""
    reaper_of_unpaid: Ints
    has_exited: Bools
    """Which rows of the previous table have exited."""
    is_reported: Bools
    """Which of them are among the exits with CPU time."""
    without_row: Ints
    """Of each exit, the pid of a reaper that is no row yet, or 0."""


class ParentCredit:
    """Distributes the credit of parents among the exits, sample by sample."""

    def __init__(self, user_hz: int) -> None:
        """Owe nothing."""
        self._tick_ns = 10**9 // user_hz
        self._owed_ns: dict[Identity, float] = {}
        self._zombies_ns: dict[Identity, float] = {}
        self._unpaid_ns: dict[int, float] = {}
        """Run time of children that exited before their parent was a row, by pid."""

    def lacking_ns(
        self,
        exits: JoinedExits,
        before: ProcessTable,
        now: ProcessTable,
        since_ticks: int = 0,
    ) -> Ints:
        """Return what the run time of each exit lacks.

        Args:
            exits: Processes that exited since the previous sample.
            before: The processes of that sample.
            now: Those of this one.
            since_ticks: When that sample was taken; the earlier credit of an older
                process that was not in it is unknown.
        """
        if not len(before) or not len(now):
            return np.zeros(len(exits), dtype=np.int64)
        unpaid = np.array(list(self._unpaid_ns), dtype=np.int64)
        waited = _who_waited(exits, before, now, unpaid)
        # A zombie has not been reaped yet.
        is_reaped = exits["has_stats"] & ~exits["is_zombie"]
        is_paid = is_reaped & (waited.reaper >= 0)
        paying = waited.reaper[is_paid]
        reported_ns = _sums(paying, exits["run_ns"][is_paid], len(now))
        known = same_process(before, now).found | (now.start_ticks >= since_ticks)
        left_ns = self._credited_ns(before, now) - self._paid_before_ns(now, waited)
        left_ns = np.where(known, left_ns, 0.0) - reported_ns + self._owed(now)
        left_ns += self._passed_on_ns(before, len(now), waited)
        room_ns = np.where(is_paid, _room_ns(exits), 0)
        room_of_all = _sums(paying, room_ns[is_paid], len(now))
        given_ns = np.minimum(left_ns, room_of_all).clip(0)
        self._owe(now, left_ns - given_ns, reported_ns)
        self._remember_zombies(exits, now)
        self._wait_for_rows(exits[is_reaped], waited.without_row[is_reaped])
        share = given_ns / np.maximum(room_of_all, 1)
        lacking: Ints = (room_ns * share[waited.reaper]).astype(np.int64)
        return lacking

    def _passed_on_ns(self, before: ProcessTable, size: int, waited: _Waited) -> Floats:
        """Return the part of the credit for exited rows that is not the exits' own."""
        heir = waited.reaper_of_exited
        has_exited = waited.has_exited & (heir >= 0)
        # An exited parent's unsettled credit passes to its reaper.
        left_ns = _sums(heir[has_exited], self._owed(before)[has_exited], size)
        # Their own credit is passed on with their CPU time.
        used_ns = _ticks(before, ("cutime", "cstime")) * self._tick_ns
        own_ns = _ticks(before, ("utime", "stime")) * self._tick_ns
        for identity, run_ns in self._zombies_ns.items():
            row = before.row_of(identity)
            if row is not None:
                own_ns[row] = run_ns
        used_ns[~waited.is_reported] += own_ns[~waited.is_reported]
        left_ns -= _sums(heir[has_exited], used_ns[has_exited], size)
        return left_ns

    def _remember_zombies(self, exits: JoinedExits, now: ProcessTable) -> None:
        """Keep the reported run time of zombies, in ns, until they are reaped."""
        drained = exits[exits["is_zombie"] & exits["has_stats"]]
        for pid, start_ticks, run_ns in zip(
            drained["pid"].tolist(),
            drained["start_ticks"].tolist(),
            drained["run_ns"].tolist(),
            strict=True,
        ):
            self._zombies_ns[Identity(pid, start_ticks)] = run_ns
        self._zombies_ns = {
            identity: run_ns
            for identity, run_ns in self._zombies_ns.items()
            if now.row_of(identity) is not None
        }

    def _paid_before_ns(self, now: ProcessTable, waited: _Waited) -> Floats:
        """Return the part of the credit that is for exits of earlier samples."""
        known = waited.reaper_of_unpaid >= 0
        used_ns = np.array(list(self._unpaid_ns.values()), dtype=np.float64)
        return _sums(waited.reaper_of_unpaid[known], used_ns[known], len(now))

    def _wait_for_rows(self, exits: JoinedExits, without_row: Ints) -> None:
        self._unpaid_ns = {}
        for pid, run_ns in zip(
            without_row.tolist(), exits["run_ns"].tolist(), strict=True
        ):
            if pid:
                self._unpaid_ns[pid] = self._unpaid_ns.get(pid, 0.0) + run_ns

    def _credited_ns(self, before: ProcessTable, now: ProcessTable) -> Floats:
        """Return what each row was credited with since the previous sample."""
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

        Credits come in whole ticks, and later for children reaped after this sample.
        The rest beyond that belongs to children that are never reaped or not seen.
        """
        ticks_ns = 2.0 * self._tick_ns
        left_ns = left_ns.clip(-reported_ns - ticks_ns, ticks_ns)
        rows = np.flatnonzero(left_ns).tolist()
        self._owed_ns = {now.identity(row): float(left_ns[row]) for row in rows}


def _room_ns(exits: JoinedExits) -> Ints:
    """Return how much more each may have run.

    A single-threaded process cannot run longer than its lifetime.
    """
    lived_ns = exits["elapsed_us"].clip(0) * 1000 + _AFTERWARDS_NS
    lived_ns += np.where(exits["is_group"], exits["run_ns"], 0)
    room: Ints = (lived_ns - exits["run_ns"]).clip(0, _MOST_LACKING_NS)
    return room


def _who_waited(
    exits: JoinedExits, before: ProcessTable, now: ProcessTable, unpaid: Ints
) -> _Waited:
    """Return which process was credited with whose time; `unpaid` are pids."""
    has_exited = ~same_process(now, before).found
    row, found = find(before, exits["pid"], exits["start_ticks"])
    is_reported = np.zeros(len(before), dtype=np.bool_)
    is_reported[row[found & exits["has_stats"]]] = True
    parent = before.ppid.copy()
    parent[row[found]] = exits["ppid"][found]
    exited = np.concatenate([before.pid[has_exited], exits["pid"]])
    exited_parent = np.concatenate([parent[has_exited], exits["ppid"]])
    # Forked while the table was read: rows, or exited, in the next sample.
    named = distinct(exits["ppid"].clip(0))
    without_row = named[~np.isin(named, np.concatenate([now.pid, exited, [0]]))]
    gone = Kin(
        exited,
        exited_parent,
        np.concatenate([before.start_ticks[has_exited], exits["start_ticks"]]),
    )
    unknown = np.full(len(unpaid), UNKNOWN)
    children = Kin(
        np.concatenate([exits["pid"], before.pid, unknown]),
        np.concatenate([exits["ppid"], parent, unpaid]),
        np.concatenate([exits["start_ticks"], before.start_ticks, unknown]),
    )
    ancestor = living_ancestors(children, _with_pids(now, without_row), gone)
    row, is_row = by_pid(now.pid, ancestor)
    reaper = np.where(is_row & (ancestor > 0), row, -1)
    of_exits, of_exited = len(exits), len(exits) + len(before)
    return _Waited(
        reaper[:of_exits],
        reaper[of_exits:of_exited],
        reaper[of_exited:],
        has_exited,
        is_reported,
        np.where(np.isin(ancestor, without_row), ancestor, 0)[:of_exits],
    )


def _with_pids(table: ProcessTable, pids: Ints) -> Kin:
    """Return the processes of a table and others, ascending by pid."""
    unknown = np.full(len(pids), UNKNOWN)
    more = Kin(pids, unknown, unknown)
    columns = zip(Kin.of(table), more, strict=True)
    both = Kin(*map(np.concatenate, columns))
    order = np.argsort(both.pid)
    return Kin(*(column[order] for column in both))


def _ticks(table: ProcessTable, names: tuple[str, str]) -> Ints:
    one, other = (getattr(table, name) for name in names)
    total: Ints = one + other
    return total


def _sums(rows: Ints, values: Ints | Floats, size: int) -> Floats:
    total: Floats = np.bincount(rows, values, size).astype(np.float64)
    return total

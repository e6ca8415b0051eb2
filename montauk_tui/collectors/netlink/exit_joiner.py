"""Exits: events and accounting records joined, held back until they are certain."""

import time
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.netlink.connector import EVENT, Events
from montauk_tui.collectors.netlink.record_pairing import last_before, pair
from montauk_tui.collectors.netlink.streams import Drained
from montauk_tui.collectors.netlink.taskstats import STATS, Stats
from montauk_tui.model.join import by_pid
from montauk_tui.model.names import ZOMBIE
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Ints

JoinedExits = npt.NDArray[np.void]
"""Records of JOINED_EXIT."""

JOINED_EXIT: Final = np.dtype(
    [
        *((name, np.int64) for name in (
            "pid", "ppid", "time_ns", "code", "uid", "run_ns", "utime_us", "stime_us",
            "elapsed_us", "peak_rss_bytes", "read_bytes", "write_bytes",
            "cancelled_bytes", "waited",
            "start_ticks", "fork_parent", "fork_ns",
        )),
        *((name, np.bool_) for name in (
            "has_event", "has_stats", "is_group", "is_zombie", "leader_exited",
            "code_is_known", "io_is_known",
        )),
        ("comm", "S32"),
    ]
)  # fmt: skip
"""The exit of a process, at a CLOCK_MONOTONIC time that is 0 without an event.
`start_ticks` and `elapsed_us` may be UNKNOWN. `fork_parent` and `fork_ns` say which
process forked it and when, 0 if the fork was not seen. `is_zombie`: it has not been
reaped yet. `leader_exited`: threads go on without their leader."""

_MOST_KEPT: Final = 1 << 16
_ANOTHER_BY_NOW: Final = 3
"""A pid that is still alive after so many samples belongs to another process."""

_OF_STATS: Final = (
    "uid", "run_ns", "utime_us", "stime_us", "elapsed_us", "peak_rss_bytes",
    "read_bytes", "write_bytes", "cancelled_bytes", "comm",
)  # fmt: skip
_SUMMED: Final = (
    "utime_us", "stime_us", "read_bytes", "write_bytes", "cancelled_bytes",
)  # fmt: skip
_CORE: Final = 0x80
"""WCOREFLAG of a wait status."""


class Confirmed(NamedTuple):
    """The exits that became certain."""

    exits: JoinedExits
    without_event: int
    """How many of them were reported by their accounting record only."""
    replaced_by_exec: int
    """Exits of leaders whose process goes on under the same pid (execve(2))."""
    unheard: int
    """How many wait for their event, which is late or was lost."""


class _Waiting(NamedTuple):
    """Records that are not certain yet; the numbers are samples they have waited."""

    exits: Events
    exits_waited: Ints
    stats: Stats
    stats_waited: Ints


class ExitJoiner:
    """Joins the records of exits from one sample to the next.

    An exit is certain once its process is missing in the table or is a zombie without
    threads: the leader of a process may exit long before its other threads.
    """

    def __init__(
        self, user_hz: int, *, stats_name_processes: bool, counts_io: bool
    ) -> None:
        """Start with nothing waiting."""
        self._counts_io = counts_io
        self._tick_ns = 10**9 // user_hz
        self._names_processes = stats_name_processes
        nothing = np.empty(0, dtype=np.int64)
        self._waiting = _Waiting(
            np.empty(0, dtype=EVENT), nothing, np.empty(0, dtype=STATS), nothing
        )
        self._leader_exited = np.empty(0, dtype=np.bool_)
        """Which of the waiting exits are of a leader whose threads go on."""
        self._forks: Events = np.empty(0, dtype=EVENT)
        self._threads: dict[int, Ints] = {}

    @property
    def waiting(self) -> Ints:
        """Pids of the exits with an event that are not certain yet.

        Leaders whose threads go on, maybe for days, are left out.
        """
        pids: Ints = self._waiting.exits["pid"][~self._leader_exited]
        return pids

    @property
    def exited_leaders(self) -> int:
        """How many leaders have exited whose threads go on."""
        return int(np.count_nonzero(self._leader_exited))

    def join(
        self, drained: Drained, before: ProcessTable, now: ProcessTable, offset_ns: int
    ) -> Confirmed:
        """Return the exits that became certain.

        Args:
            drained: What has arrived since the last call, drained after `now` was read.
            before: The processes of the previous sample.
            now: Those of this one.
            offset_ns: CLOCK_BOOTTIME less CLOCK_MONOTONIC.
        """
        self._forks = np.concatenate([self._forks, drained.forks])
        waiting = self._gather(drained, before)
        replaced = self._went_through_exec(waiting.exits, drained.execs)
        waiting = waiting._replace(
            exits=waiting.exits[~replaced], exits_waited=waiting.exits_waited[~replaced]
        )
        joined, exit_row, stats_row = _join(
            waiting, stats_name_processes=self._names_processes
        )
        joined["io_is_known"] = self._counts_io
        if not self._names_processes:
            _hide_what_is_of_one_thread(joined)
        is_certain = self._confirm(joined, now, offset_ns)
        keep = ~is_certain & (
            joined["leader_exited"] | (joined["waited"] < _ANOTHER_BY_NOW)
        )
        is_other = ~is_certain & ~keep & joined["has_event"]
        self._waiting = _Waiting(
            waiting.exits[exit_row[keep & joined["has_event"]]],
            waiting.exits_waited[exit_row[keep & joined["has_event"]]] + 1,
            waiting.stats[stats_row[keep & joined["has_stats"]]],
            waiting.stats_waited[stats_row[keep & joined["has_stats"]]] + 1,
        )
        self._leader_exited = joined["leader_exited"][keep & joined["has_event"]]
        certain = joined[is_certain]
        self._add_threads(certain)
        self._place(certain, before, now, offset_ns)
        self._forget_forks(certain, now)
        return Confirmed(
            certain,
            without_event=int(np.count_nonzero(~certain["has_event"])),
            replaced_by_exec=int(
                np.count_nonzero(replaced) + np.count_nonzero(is_other)
            ),
            unheard=int(np.count_nonzero(keep & ~joined["has_event"])),
        )

    def _went_through_exec(self, exits: Events, execs: Events) -> Bools:
        """Return which exits are of a leader whose pid another thread took over.

        A thread that calls execve(2) kills all others and becomes the leader.
        """
        replaced = np.zeros(len(exits), dtype=np.bool_)
        who = execs["pid"], execs["time_ns"]
        row, found = last_before(*who, exits["pid"], exits["time_ns"])
        fork, is_forked = last_before(*who, self._forks["pid"], self._forks["time_ns"])
        if np.any(found):
            is_new = is_forked.copy()
            is_new[is_forked] = (
                self._forks["time_ns"][fork[is_forked]]
                > exits["time_ns"][row[is_forked]]
            )
            replaced[row[found & ~is_new]] = True
        return replaced

    def _gather(self, drained: Drained, before: ProcessTable) -> _Waiting:
        """Return waiting and new records together."""
        old = self._waiting
        stats = self._of_processes(drained.stats, drained.exits, old.exits, before)
        fresh = np.zeros(len(drained.exits), dtype=np.int64)
        fresh_stats = np.zeros(len(stats), dtype=np.int64)
        gathered = _Waiting(
            np.concatenate([old.exits, drained.exits]),
            np.concatenate([old.exits_waited, fresh]),
            np.concatenate([old.stats, stats]),
            np.concatenate([old.stats_waited, fresh_stats]),
        )
        if self._names_processes:
            return gathered
        # The leader's own record gives way to that of the whole process.
        groups = gathered.stats["tgid"][gathered.stats["is_last"]]
        kept = gathered.stats["is_last"] | ~np.isin(gathered.stats["tgid"], groups)
        return gathered._replace(
            stats=gathered.stats[kept], stats_waited=gathered.stats_waited[kept]
        )

    def _of_processes(
        self, stats: Stats, exits: Events, waiting: Events, before: ProcessTable
    ) -> Stats:
        """Return the records of last threads; sum up those of the others."""
        if self._names_processes:
            for thread in stats[~stats["is_last"]]:
                dumped = thread["code"] & _CORE
                used = np.array([*(thread[name] for name in _SUMMED), dumped])
                tgid = int(thread["tgid"])
                self._threads[tgid] = self._threads.get(tgid, 0) + used
            while len(self._threads) > _MOST_KEPT:
                self._threads.pop(next(iter(self._threads)))
            last: Stats = stats[stats["is_last"]]
            return last
        # Older kernels do not report the process of a thread. A thread with the id of a
        # process was its leader; the table shows whether it was the only thread.
        alone = ~stats["is_last"]
        named: Stats = stats.copy()
        named["tgid"][alone] = stats["tid"][alone]
        known = [exits["pid"], waiting["pid"], before.pid, self._forks["pid"]]
        is_process = np.isin(named["tgid"], np.concatenate(known))
        kept: Stats = named[is_process | ~alone]
        return kept

    def _confirm(self, joined: JoinedExits, now: ProcessTable, offset_ns: int) -> Bools:
        """Return which exits are certain; mark zombies and exited leaders."""
        row, found = by_pid(now.pid, joined["pid"])
        if not len(now):
            return np.ones(len(joined), dtype=np.bool_)
        # A row that started after the exit is that of another process.
        started_ns = now.start_ticks[row] * self._tick_ns - offset_ns
        found &= (joined["time_ns"] == 0) | (started_ns <= joined["time_ns"])
        leader_exited = found & now.leader_exited[row]
        joined["is_zombie"] = found & ~leader_exited & (now.state[row] == ZOMBIE)
        joined["leader_exited"] = leader_exited
        # The event follows the accounting record; the next sample must have it.
        is_reported = joined["has_event"] | (joined["waited"] > 0)
        certain: Bools = (~found | joined["is_zombie"]) & is_reported
        return certain

    def _add_threads(self, joined: JoinedExits) -> None:
        for row in np.flatnonzero(joined["is_group"]).tolist():
            used = self._threads.pop(int(joined["pid"][row]), None)
            if used is not None:
                *sums, dumped = used.tolist()
                for name, value in zip(_SUMMED, sums, strict=True):
                    joined[name][row] += value
                # Only the status of the crashed thread has the flag.
                joined["code"][row] |= _CORE if dumped else 0

    def _place(
        self,
        joined: JoinedExits,
        before: ProcessTable,
        now: ProcessTable,
        offset_ns: int,
    ) -> None:
        """Fill in when each process started and which process forked it.

        A process that was a row gets the start of that row, so that it is the same.
        Start and lifetime are UNKNOWN without a row, fork or accounting record.
        """
        lived_ns = joined["elapsed_us"] * 1000
        time_ns = np.where(
            joined["time_ns"] > 0, joined["time_ns"], time.monotonic_ns()
        )
        start_ns = time_ns - lived_ns
        fork, is_forked = last_before(
            joined["pid"], joined["time_ns"], self._forks["pid"], self._forks["time_ns"]
        )
        forks = self._forks[fork[is_forked]]
        start_ns[is_forked] = forks["time_ns"]
        joined["fork_parent"][is_forked] = forks["ppid"]
        joined["fork_ns"][is_forked] = forks["time_ns"]
        # The event of a process that was reaped at once names no parent.
        orphaned = joined["ppid"] == 0
        joined["ppid"][orphaned] = joined["fork_parent"][orphaned]
        # The time of the exit alone does not give the start.
        start_ticks = np.where(
            is_forked | (lived_ns > 0), (start_ns + offset_ns) // self._tick_ns, UNKNOWN
        )
        for table, which in ((before, ~is_forked), (now, joined["is_zombie"])):
            row, found = by_pid(table.pid, joined["pid"])
            found &= which
            start_ticks[found] = table.start_ticks[row[found]]
        joined["start_ticks"] = start_ticks
        # Without accounting the lifetime is what the events give.
        is_unreported = joined["elapsed_us"] == 0
        begun_ns = np.where(
            is_forked, start_ns, start_ticks * self._tick_ns - offset_ns
        )
        elapsed_us = ((time_ns - begun_ns) // 1000).clip(0)
        elapsed_us[start_ticks == UNKNOWN] = UNKNOWN
        joined["elapsed_us"][is_unreported] = elapsed_us[is_unreported]

    def _forget_forks(self, joined: JoinedExits, now: ProcessTable) -> None:
        """Keep the forks of processes that are no row yet and have not exited."""
        is_settled = np.isin(self._forks["pid"], now.pid)
        row, found = last_before(
            joined["pid"], joined["time_ns"], self._forks["pid"], self._forks["time_ns"]
        )
        is_settled[row[found]] = True
        self._forks = self._forks[~is_settled][-_MOST_KEPT:]


def _hide_what_is_of_one_thread(joined: JoinedExits) -> None:
    """Drop what older kernels report of the last thread only, not of its process.

    Its status is that of the process only if it was the leader, and its I/O is its own.
    """
    group = joined["is_group"]
    joined["elapsed_us"][group] = 0
    joined["io_is_known"][group] = False
    joined["code_is_known"] &= ~(group & (joined["code"] == 0) & (joined["waited"] > 0))


def _join(
    waiting: _Waiting, *, stats_name_processes: bool
) -> tuple[JoinedExits, Ints, Ints]:
    """Return a joined record for each exit and each accounting record, and their rows.

    A row is -1 where there is no event or no accounting record.
    """
    exits, stats = waiting.exits, waiting.stats
    rows, others = pair(exits["pid"], stats["tgid"])
    alone = np.setdiff1d(np.arange(len(stats)), others, assume_unique=True)
    exit_row = np.concatenate([np.arange(len(exits)), np.full(len(alone), -1)])
    stats_row = np.full(len(exit_row), -1)
    stats_row[rows] = others
    stats_row[len(exits) :] = alone
    joined = np.zeros(len(exit_row), dtype=JOINED_EXIT)
    with_event = slice(0, len(exits))
    for name in ("pid", "ppid", "time_ns", "code"):
        joined[name][with_event] = exits[name]
    joined["waited"][with_event] = waiting.exits_waited
    joined["has_event"][with_event] = True
    joined["code_is_known"] = True
    has = stats_row >= 0
    found = stats[stats_row[has]]
    joined["has_stats"] = has
    joined["pid"][has] = found["tgid"]
    for name in _OF_STATS:
        joined[name][has] = found[name]
    joined["is_group"][has] = found["is_group"]
    # The parent at the exit; the event of a reparented process names another.
    joined["ppid"][has] = found["ppid"]
    # The status of the last thread is that of the process; the leader may have exited
    # on its own (pthread_exit(3)). Older kernels report that of the leader only.
    is_final = stats_name_processes | (found["code"] != 0)
    joined["code"][has] = np.where(is_final, found["code"], joined["code"][has])
    joined["waited"][has] = np.maximum(
        joined["waited"][has], waiting.stats_waited[stats_row[has]]
    )
    return joined, exit_row, stats_row

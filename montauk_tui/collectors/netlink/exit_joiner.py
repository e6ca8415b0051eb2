"""Who ended: events and accounting joined, and held back until it is certain."""

import time
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.netlink.connector import EVENT, Events
from montauk_tui.collectors.netlink.record_pairing import last_before, pair
from montauk_tui.collectors.netlink.streams import Taken
from montauk_tui.collectors.netlink.taskstats import STATS, Stats
from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Ints

EndArray = npt.NDArray[np.void]
"""Records of END."""

END: Final = np.dtype(
    [
        *((name, np.int64) for name in (
            "pid", "ppid", "time_ns", "code", "uid", "run_ns", "utime_us", "stime_us",
            "elapsed_us", "peak_rss_bytes", "read_bytes", "write_bytes",
            "cancelled_bytes", "waited",
            "start_ticks", "fork_parent", "fork_ns",
        )),
        *((name, np.bool_) for name in (
            "has_event", "has_stats", "is_group", "is_zombie", "is_led",
            "code_is_known", "io_is_known",
        )),
        ("comm", "S32"),
    ]
)  # fmt: skip
"""A process that ended, at a CLOCK_MONOTONIC time that is 0 without event.
`start_ticks` and `elapsed_us` may be UNKNOWN.
`fork_parent` is who started it and `fork_ns` when, 0 if that was not seen. `is_zombie`
says that nobody has waited for it yet, `is_led` that threads go on without their
leader."""

_ZOMBIE: Final = ord("Z")
_MOST_KEPT: Final = 1 << 16
_ANOTHER_BY_NOW: Final = 3
"""Samples after which a process that still lives cannot be the one that ended."""

_OF_STATS: Final = (
    "uid", "run_ns", "utime_us", "stime_us", "elapsed_us", "peak_rss_bytes",
    "read_bytes", "write_bytes", "cancelled_bytes", "comm",
)  # fmt: skip
_SUMMED: Final = (
    "utime_us", "stime_us", "read_bytes", "write_bytes", "cancelled_bytes",
)  # fmt: skip
_CORE: Final = 0x80
"""WCOREFLAG of a wait status."""


class Found(NamedTuple):
    """What became certain."""

    ends: EndArray
    without_event: int
    """How many of them nothing but their accounting told of."""
    no_ends: int
    """Exits of leaders whose process lives on under the same pid (execve(2))."""
    unheard: int
    """How many wait for their event, which comes, or was lost."""


class _Waiting(NamedTuple):
    """What is not certain yet; the numbers are samples it has waited."""

    exits: Events
    exits_waited: Ints
    stats: Stats
    stats_waited: Ints


class Ends:
    """Joins from one sample to the next.

    An end is certain when its process is gone from the table, or a zombie that has no
    thread left: the leader of a process may end long before its other threads do.
    """

    def __init__(
        self, user_hz: int, *, stats_tell_processes: bool, counts_io: bool
    ) -> None:
        """Start with nothing waiting."""
        self._counts_io = counts_io
        self._tick_ns = 10**9 // user_hz
        self._tells = stats_tell_processes
        nothing = np.empty(0, dtype=np.int64)
        self._waiting = _Waiting(
            np.empty(0, dtype=EVENT), nothing, np.empty(0, dtype=STATS), nothing
        )
        self._is_led = np.empty(0, dtype=np.bool_)
        """Which of the exits that wait are of a leader whose threads go on."""
        self._forks: Events = np.empty(0, dtype=EVENT)
        self._threads: dict[int, Ints] = {}

    @property
    def waiting(self) -> Ints:
        """Pids of the ends that an event told of and that are not certain yet.

        Without leaders whose threads go on, maybe for days: that is no end yet.
        """
        pids: Ints = self._waiting.exits["pid"][~self._is_led]
        return pids

    @property
    def led(self) -> int:
        """How many leaders have ended whose threads go on."""
        return int(np.count_nonzero(self._is_led))

    def take(
        self, taken: Taken, before: ProcessTable, now: ProcessTable, offset_ns: int
    ) -> Found:
        """Return who ended.

        Args:
            taken: What arrived since the last time, taken after `now` was read.
            before: The processes of the previous sample.
            now: Those of this one.
            offset_ns: CLOCK_BOOTTIME less CLOCK_MONOTONIC.
        """
        self._forks = np.concatenate([self._forks, taken.forks])
        waiting = self._gather(taken, before)
        lives_on = self._went_through_exec(waiting.exits, taken.execs)
        waiting = waiting._replace(
            exits=waiting.exits[~lives_on], exits_waited=waiting.exits_waited[~lives_on]
        )
        ends, exit_row, stats_row = _join(waiting, stats_tell_processes=self._tells)
        ends["io_is_known"] = self._counts_io
        if not self._tells:
            _hide_what_is_of_one_thread(ends)
        is_certain = self._judge(ends, now, offset_ns)
        keep = ~is_certain & (ends["is_led"] | (ends["waited"] < _ANOTHER_BY_NOW))
        is_other = ~is_certain & ~keep & ends["has_event"]
        self._waiting = _Waiting(
            waiting.exits[exit_row[keep & ends["has_event"]]],
            waiting.exits_waited[exit_row[keep & ends["has_event"]]] + 1,
            waiting.stats[stats_row[keep & ends["has_stats"]]],
            waiting.stats_waited[stats_row[keep & ends["has_stats"]]] + 1,
        )
        self._is_led = ends["is_led"][keep & ends["has_event"]]
        certain = ends[is_certain]
        self._add_threads(certain)
        self._place(certain, before, now, offset_ns)
        self._forget_forks(certain, now)
        return Found(
            certain,
            without_event=int(np.count_nonzero(~certain["has_event"])),
            no_ends=int(np.count_nonzero(lives_on) + np.count_nonzero(is_other)),
            unheard=int(np.count_nonzero(keep & ~ends["has_event"])),
        )

    def _went_through_exec(self, exits: Events, execs: Events) -> Bools:
        """Return which exits are of a leader whose pid another thread took over.

        A thread that calls execve(2) ends all others and becomes the leader.
        """
        lives_on = np.zeros(len(exits), dtype=np.bool_)
        who = execs["pid"], execs["time_ns"]
        row, found = last_before(*who, exits["pid"], exits["time_ns"])
        fork, is_forked = last_before(*who, self._forks["pid"], self._forks["time_ns"])
        if np.any(found):
            is_new = is_forked.copy()
            is_new[is_forked] = (
                self._forks["time_ns"][fork[is_forked]]
                > exits["time_ns"][row[is_forked]]
            )
            lives_on[row[found & ~is_new]] = True
        return lives_on

    def _gather(self, taken: Taken, before: ProcessTable) -> _Waiting:
        """Return what waits and what is new together."""
        old = self._waiting
        stats = self._of_processes(taken.stats, taken.exits, old.exits, before)
        fresh = np.zeros(len(taken.exits), dtype=np.int64)
        fresh_stats = np.zeros(len(stats), dtype=np.int64)
        gathered = _Waiting(
            np.concatenate([old.exits, taken.exits]),
            np.concatenate([old.exits_waited, fresh]),
            np.concatenate([old.stats, stats]),
            np.concatenate([old.stats_waited, fresh_stats]),
        )
        if self._tells:
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
        if self._tells:
            for thread in stats[~stats["is_last"]]:
                dumped = thread["code"] & _CORE
                used = np.array([*(thread[name] for name in _SUMMED), dumped])
                tgid = int(thread["tgid"])
                self._threads[tgid] = self._threads.get(tgid, 0) + used
            while len(self._threads) > _MOST_KEPT:
                self._threads.pop(next(iter(self._threads)))
            last: Stats = stats[stats["is_last"]]
            return last
        # Older kernels do not say of which process a thread was. One whose id is that
        # of a process was the leader; whether it was alone, the table tells.
        alone = ~stats["is_last"]
        named: Stats = stats.copy()
        named["tgid"][alone] = stats["tid"][alone]
        known = [exits["pid"], waiting["pid"], before.pid, self._forks["pid"]]
        is_process = np.isin(named["tgid"], np.concatenate(known))
        kept: Stats = named[is_process | ~alone]
        return kept

    def _judge(self, ends: EndArray, now: ProcessTable, offset_ns: int) -> Bools:
        """Return which ends are certain; mark those that are zombies."""
        row, found = by_pid(now.pid, ends["pid"])
        if not len(now):
            return np.ones(len(ends), dtype=np.bool_)
        # A row that started after the end is that of another process.
        started_ns = now.start_ticks[row] * self._tick_ns - offset_ns
        found &= (ends["time_ns"] == 0) | (started_ns <= ends["time_ns"])
        is_led = found & now.is_led[row]
        ends["is_zombie"] = found & ~is_led & (now.state[row] == _ZOMBIE)
        ends["is_led"] = is_led
        # The event comes a moment after the accounting; the next sample must have it.
        is_told = ends["has_event"] | (ends["waited"] > 0)
        certain: Bools = (~found | ends["is_zombie"]) & is_told
        return certain

    def _add_threads(self, ends: EndArray) -> None:
        for row in np.flatnonzero(ends["is_group"]).tolist():
            used = self._threads.pop(int(ends["pid"][row]), None)
            if used is not None:
                *sums, dumped = used.tolist()
                for name, value in zip(_SUMMED, sums, strict=True):
                    ends[name][row] += value
                # Only the status of the thread that crashed has it.
                ends["code"][row] |= _CORE if dumped else 0

    def _place(
        self, ends: EndArray, before: ProcessTable, now: ProcessTable, offset_ns: int
    ) -> None:
        """Fill in when each started and who started it.

        Where it was a row, it gets that row's start, so that it is the same process.
        Start and life are UNKNOWN where no row, fork or accounting tells of them.
        """
        lived_ns = ends["elapsed_us"] * 1000
        time_ns = np.where(ends["time_ns"] > 0, ends["time_ns"], time.monotonic_ns())
        start_ns = time_ns - lived_ns
        fork, is_forked = last_before(
            ends["pid"], ends["time_ns"], self._forks["pid"], self._forks["time_ns"]
        )
        forks = self._forks[fork[is_forked]]
        start_ns[is_forked] = forks["time_ns"]
        ends["fork_parent"][is_forked] = forks["ppid"]
        ends["fork_ns"][is_forked] = forks["time_ns"]
        # A process that was waited for at once has no parent any more in its event.
        orphaned = ends["ppid"] == 0
        ends["ppid"][orphaned] = ends["fork_parent"][orphaned]
        # The moment of an end says nothing of when it started.
        start_ticks = np.where(
            is_forked | (lived_ns > 0),
            (start_ns + offset_ns) // self._tick_ns,
            UNKNOWN,
        )
        for table, which in ((before, ~is_forked), (now, ends["is_zombie"])):
            row, found = by_pid(table.pid, ends["pid"])
            found &= which
            start_ticks[found] = table.start_ticks[row[found]]
        ends["start_ticks"] = start_ticks
        # Without accounting the life is as long as the events say.
        is_untold = ends["elapsed_us"] == 0
        begun_ns = np.where(
            is_forked, start_ns, start_ticks * self._tick_ns - offset_ns
        )
        elapsed_us = ((time_ns - begun_ns) // 1000).clip(0)
        elapsed_us[start_ticks == UNKNOWN] = UNKNOWN
        ends["elapsed_us"][is_untold] = elapsed_us[is_untold]

    def _forget_forks(self, ends: EndArray, now: ProcessTable) -> None:
        """Keep the forks of who is neither a row yet nor ended."""
        gone = np.isin(self._forks["pid"], now.pid)
        row, found = last_before(
            ends["pid"], ends["time_ns"], self._forks["pid"], self._forks["time_ns"]
        )
        gone[row[found]] = True
        self._forks = self._forks[~gone][-_MOST_KEPT:]


def _hide_what_is_of_one_thread(ends: EndArray) -> None:
    """Forget what older kernels tell of the last thread only, not of its process.

    Its status is that of the process only if it was the leader, and I/O is its own.
    """
    group = ends["is_group"]
    ends["elapsed_us"][group] = 0
    ends["io_is_known"][group] = False
    ends["code_is_known"] &= ~(group & (ends["code"] == 0) & (ends["waited"] > 0))


def _join(
    waiting: _Waiting, *, stats_tell_processes: bool
) -> tuple[EndArray, Ints, Ints]:
    """Return an end for each exit and each record, and the rows they came from."""
    exits, stats = waiting.exits, waiting.stats
    rows, others = pair(exits["pid"], stats["tgid"])
    alone = np.setdiff1d(np.arange(len(stats)), others, assume_unique=True)
    exit_row = np.concatenate([np.arange(len(exits)), np.full(len(alone), -1)])
    stats_row = np.full(len(exit_row), -1)
    stats_row[rows] = others
    stats_row[len(exits) :] = alone
    ends = np.zeros(len(exit_row), dtype=END)
    told = slice(0, len(exits))
    for name in ("pid", "ppid", "time_ns", "code"):
        ends[name][told] = exits[name]
    ends["waited"][told] = waiting.exits_waited
    ends["has_event"][told] = True
    ends["code_is_known"] = True
    has = stats_row >= 0
    found = stats[stats_row[has]]
    ends["has_stats"] = has
    ends["pid"][has] = found["tgid"]
    for name in _OF_STATS:
        ends[name][has] = found[name]
    ends["is_group"][has] = found["is_group"]
    # The parent at the end; a reparented process has another in the event.
    ends["ppid"][has] = found["ppid"]
    # The last thread's status is that of the process, not the leader's, which may have
    # ended on its own (pthread_exit(3)); older kernels tell the leader's only.
    is_final = stats_tell_processes | (found["code"] != 0)
    ends["code"][has] = np.where(is_final, found["code"], ends["code"][has])
    ends["waited"][has] = np.maximum(
        ends["waited"][has], waiting.stats_waited[stats_row[has]]
    )
    return ends, exit_row, stats_row

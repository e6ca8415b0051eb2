"""Why processes exited by a signal: fatal signals, joined to the exits."""

import os
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.kernel.exit_records import cut_arguments
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.memory_events import MemoryEvents
from montauk_tui.collectors.kernel.records import EXIT
from montauk_tui.model.deaths import Death, OutOfMemory, Request, SentAs, Task
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.join import is_in
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import PF_EXITING, UNKNOWN

Arguments = Callable[[int, int], bytes | None]
"""Returns the arguments of a process by pid and start in ns, None for unknown."""

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_MOST: Final = 1 << 14
"""Processes with a signal that has not ended them yet."""
_MOST_EACH: Final = 4
_MOST_VICTIMS: Final = 256

_Who = tuple[int, int]
"""Pid and start in ticks."""


class _Signal(NamedTuple):
    """A fatal signal."""

    record: np.void
    arguments: bytes | None
    """Those of its sender."""
    sender_lives: bool


_Victim = tuple[np.void, Mapping[str, int] | None]
"""A record, and the counts of the cgroup that was full."""


class DeathJoiner:
    """Keeps fatal signals until their targets exit.

    The log of exits is read before that of signals, and that before the choices of the
    OOM killer, so the signal of each exit is known. The OOM killer marks its victim
    after the signal, while it holds the lock that the exit needs (__oom_kill_process in
    mm/oom_kill.c).
    """

    def __init__(
        self,
        user_hz: int,
        *,
        sees_oom: bool = True,
        memory_events: MemoryEvents | None = None,
    ) -> None:
        """Start with nothing known."""
        self._tick_ns = 10**9 // user_hz
        self._sees_oom = sees_oom
        self._signals: dict[_Who, list[_Signal]] = {}
        self._victims: list[_Victim] = []
        self._memory_events = memory_events or MemoryEvents()

    def add(
        self,
        deaths: Records,
        victims: Records,
        lifecycle: Records,
        table: ProcessTable,
        live: Arguments,
    ) -> None:
        """Take new records.

        Args:
            deaths: Fatal signals.
            victims: Choices of the OOM killer.
            lifecycle: Execs and exits, which have the arguments of their processes.
            table: The processes of the snapshot, which is older than the records.
            live: Other arguments.
        """
        read = self._memory_events.read
        # At once: the cgroup may be removed next.
        chosen = [
            (one, read(int(one["cgroup_id"])) if one["limit_pages"] else None)
            for one in victims
        ]
        self._victims = [*self._victims, *chosen][-_MOST_VICTIMS:]
        if not len(deaths):
            return
        deaths = deaths[np.argsort(deaths["time_ns"], kind="stable")]
        known = _senders_arguments(deaths, lifecycle)
        for one in deaths:
            sender = int(one["sender_pid"]), int(one["sender_start_ns"])
            if sender not in known:
                known[sender] = live(*sender) if sender[0] else None
            who = self._who(one["pid"], one["start_ns"])
            kept = self._signals.pop(who, [])[1 - _MOST_EACH :]
            lives = bool(one["sender_flags"] & PF_EXITING)
            lives = lives and self._lives(one, lifecycle, table)
            self._signals[who] = [*kept, _Signal(one, known[sender], lives)]
        while len(self._signals) > _MOST:
            self._signals.pop(next(iter(self._signals)))

    def _who(self, pid: int, start_ns: int) -> _Who:
        return int(pid), int(start_ns) // self._tick_ns

    def joined(self, exits: ExitTable) -> ExitTable:
        """Return the exits with the signals that ended them."""
        if not self._signals:
            return exits
        found: dict[_Who, Death] = {}
        rows = zip(
            exits.pid.tolist(),
            exits.start_ticks.tolist(),
            exits.exit_signal.tolist(),
            strict=True,
        )
        for pid, start_ticks, number in rows:
            records = self._signals.pop((pid, start_ticks), [])
            fatal = [one for one in records if one.record["signal"] == number]
            if number != UNKNOWN and fatal:
                found[pid, start_ticks] = self._death(fatal[-1])
        return exits.with_deaths(found)

    def _lives(self, one: np.void, lifecycle: Records, table: ProcessTable) -> bool:
        """Tell whether the process of a sender that exits is not known to exit."""
        sender = self._who(one["sender_pid"], one["sender_start_ns"])
        row = table.row_of(Identity(*sender))
        if row is None or table.flags[row] & PF_EXITING:
            return False
        ended = (lifecycle["kind"] == EXIT) & (lifecycle["pid"] == one["sender_pid"])
        return not (ended & (lifecycle["start_ns"] == one["sender_start_ns"])).any()

    def _death(self, found: _Signal) -> Death:
        one = found.record
        asked_ns = int(one["asked_ns"])
        before_ns = int(one["time_ns"]) - asked_ns
        request = Request(self._task(one, "asker"), before_ns) if asked_ns else None
        return Death(
            signal=int(one["signal"]),
            sent_as=SentAs(int(one["sent_as"])),
            code=int(one["code"]),
            address=int(one["detail"]),
            syscall=int(one["syscall"]),
            arch=int(one["arch"]),
            sender=self._task(one, "sender")._replace(cmdline=found.arguments),
            is_own=(one["sender_pid"], one["sender_start_ns"])
            == (one["pid"], one["start_ns"]),
            sender_exits=bool(one["sender_flags"] & PF_EXITING),
            sender_is_init=int(one["sender_inner"]) == 1,
            request=request,
            out_of_memory=self._out_of_memory(one),
            sees_oom=self._sees_oom,
            sender_lives=found.sender_lives,
        )

    def _task(self, one: np.void, role: str) -> Task:
        who = self._who(one[f"{role}_pid"], one[f"{role}_start_ns"])
        return Task(
            *who,
            int(one[f"{role}_uid"]),
            bytes(one[f"{role}_comm"]),
        )

    def _out_of_memory(self, one: np.void) -> OutOfMemory | None:
        for victim, events in reversed(self._victims):
            has_task = bool(victim["has_task"])
            is_it = victim["tgid"] == one["tgid"] and (
                victim["start_ns"] == one["start_ns"]
                if has_task
                else victim["time_ns"] >= one["time_ns"]
            )
            if is_it:
                return _choice(victim, events, has_task=has_task)
        return None


def _senders_arguments(deaths: Records, lifecycle: Records) -> dict[_Who, bytes | None]:
    """Return the arguments of senders that did an exec or exited just now."""
    has = is_in(lifecycle["pid"], deaths["sender_pid"])
    found = lifecycle[has & (lifecycle["argv_bytes"] > 0)]
    found = found[np.argsort(found["time_ns"], kind="stable")]
    whose = zip(found["pid"].tolist(), found["start_ns"].tolist(), strict=True)
    return dict(zip(whose, cut_arguments(found).tolist(), strict=True))


def _choice(
    victim: np.void, events: Mapping[str, int] | None, *, has_task: bool
) -> OutOfMemory:
    limit, used = int(victim["limit_pages"]), int(victim["used_pages"])
    return OutOfMemory(
        cgroup=(bytes(victim["cgroup"]) or b"/") if limit else None,
        limit_bytes=limit * _PAGE_BYTES if limit else None,
        used_bytes=used * _PAGE_BYTES if limit else None,
        rss_bytes=int(victim["rss_pages"]) * _PAGE_BYTES if has_task else None,
        oom_score_adj=int(victim["oom_score_adj"]) if has_task else None,
        events=events,
    )

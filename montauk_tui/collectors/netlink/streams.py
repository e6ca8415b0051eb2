"""The four sockets together: read soon after an event or at a sample, and counted."""

import contextlib
import threading
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.netlink.arrivals import Arrivals
from montauk_tui.collectors.netlink.connector import EVENT, Events, EventSocket, Kind
from montauk_tui.collectors.netlink.reader import UNREAD, ArgumentReader, Argv, Exec
from montauk_tui.collectors.netlink.taskstats import STATS, ExitListener, Stats
from montauk_tui.collectors.urgency import Collecting

_BUFFER_BYTES: Final = 32 << 20
"""Of each socket; the kernel takes 800 bytes for an event and 2,300 for an end."""

_MOST_KEPT: Final = 1 << 18
"""Records kept for the next sample, all kinds together; without one the oldest are
lost."""

_MOST_ARGV: Final = 1 << 16

ARGV_BYTES: Final = 360
"""How much of the arguments of starting and exiting processes is kept."""


class Drained(NamedTuple):
    """What has arrived since the last call, in the order in which the sockets are read.

    The accounting of an exit is sent before its event: for each exit here the stats are
    here too, or they are lost.
    """

    forks: Events
    execs: Events
    exits: Events
    stats: Stats


Counts = tuple[int, ...]
"""Of forks, execs, exits and stats."""


class Streams:
    """Listens in its own thread; a separate process reads arguments."""

    def __init__(self) -> None:
        """Subscribe to everything that this user is permitted to receive.

        Raises:
            OSError: The events are refused.
            RuntimeError: The limit of threads is reached.
        """
        self.no_reader = ""
        """Why nothing reads arguments at execs; empty where something does."""
        self._argv: dict[Exec, Argv] = {}
        self._kept: list[Drained] = []
        nothing: Counts = (0, 0, 0, 0)
        self._discarded = self._drained = nothing
        self._lock = threading.Lock()
        self._sockets = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.callback(self._sockets.close)
            self._stats = self._open_stats()
            self._events = [self._open(kind) for kind in _KINDS]
            if self._stats:
                # Their events came before the subscription.
                self._stats.read()
            self._reader = self._open_reader()
            receivers = [socket.receiver for socket in self._events]
            receivers += [self._stats.receiver] if self._stats else []
            arrivals = Arrivals(receiver.sock for receiver in receivers)
            self._sockets.callback(arrivals.close)
            self._collecting = Collecting(self._collect, "montauk-netlink", arrivals)
            undo.pop_all()

    def _open(self, kind: Kind) -> EventSocket:
        socket = EventSocket(kind, _BUFFER_BYTES)
        self._sockets.callback(socket.close)
        return socket

    def _open_stats(self) -> ExitListener | None:
        try:
            listener = ExitListener(_BUFFER_BYTES)
        except OSError:
            return None
        self._sockets.callback(listener.close)
        return listener

    def _open_reader(self) -> ArgumentReader | None:
        try:
            reader = ArgumentReader(_BUFFER_BYTES)
        except OSError as error:
            self.no_reader = f"cannot be started: {error.strerror}"
            return None
        self._sockets.callback(reader.close)
        return reader

    @property
    def has_stats(self) -> bool:
        """Whether exits come with their accounting."""
        return self._stats is not None

    @property
    def stats_name_processes(self) -> bool:
        """Whether the accounting names the process of a thread (Linux 5.19)."""
        return self._stats is not None and self._stats.names_processes

    def close(self) -> None:
        """Stop and unsubscribe."""
        self._collecting.close()
        self._sockets.close()

    def drain(self) -> Drained:
        """Return what has arrived since the last call, up to now.

        Raises:
            OSError: A socket is broken.
        """
        self._collect()
        with self._lock:
            kept, self._kept = self._kept, []
            for part in kept:
                self._drained = _sum(self._drained, _sizes(part))
        if (failure := self._collecting.failure) is not None:
            raise OSError(f"listening broke: {failure}") from failure
        return Drained(*map(np.concatenate, zip(_NOTHING, *kept, strict=True)))

    def drain_argv(self) -> dict[Exec, Argv]:
        """Return the arguments of the execs since the last call, read or not."""
        with self._lock:
            argv, self._argv = self._argv, {}
        return argv

    def drained(self) -> Counts:
        """Return how many of each kind were drained."""
        return self._drained

    def lost(self) -> Counts:
        """Return how many of each kind were lost, in the kernel or here."""
        forks, execs, exits = (socket.receiver.dropped for socket in self._events)
        stats = self._stats.receiver.dropped if self._stats else 0
        return _sum((forks, execs, exits, stats), self._discarded)

    def foreign(self) -> int:
        """Return how many messages were truncated or not from the kernel."""
        strangers = sum(socket.receiver.foreign for socket in self._events)
        return strangers + (self._stats.receiver.foreign if self._stats else 0)

    def _collect(self) -> None:
        with self._lock:
            # The last event of a process first: then no event is drained before its
            # cause.
            exits, execs, forks = (socket.read() for socket in reversed(self._events))
            stats = self._stats.read() if self._stats else _NOTHING.stats
            drained = Drained(forks, execs, exits, stats)
            self._keep_arguments(execs)
            if any(_sizes(drained)):
                self._kept.append(drained)
            # The latest part is always kept: the sockets bound its size.
            while len(self._kept) > 1 and sum(map(_count, self._kept)) > _MOST_KEPT:
                self._discarded = _sum(self._discarded, _sizes(self._kept.pop(0)))

    def _keep_arguments(self, execs: Events) -> None:
        """Keep the arguments read; mark execs that were not read in time as unread."""
        latest_ns = int(execs["time_ns"].max(initial=0))
        if self._reader is not None:
            self._argv |= self._reader.drain(latest_ns)
            if self._reader.has_exited:
                self.no_reader = "has exited"
        for pid, time_ns in zip(
            execs["pid"].tolist(), execs["time_ns"].tolist(), strict=True
        ):
            self._argv.setdefault((pid, time_ns), UNREAD)
        while len(self._argv) > _MOST_ARGV:
            self._argv.pop(next(iter(self._argv)))


_KINDS: Final = (Kind.FORK, Kind.EXEC, Kind.EXIT)
_NO_EVENTS: Final = np.empty(0, dtype=EVENT)
_NOTHING: Final = Drained(_NO_EVENTS, _NO_EVENTS, _NO_EVENTS, np.empty(0, dtype=STATS))


def _count(drained: Drained) -> int:
    return sum(_sizes(drained))


def _sizes(drained: Drained) -> Counts:
    return tuple(map(len, drained))


def _sum(one: Counts, other: Counts) -> Counts:
    return tuple(map(sum, zip(one, other, strict=True)))

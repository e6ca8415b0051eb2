"""Sockets of netlink that say what a test wants."""

import contextlib
import os
import threading
from types import SimpleNamespace

import numpy as np

from montauk_tui.collectors.netlink.connector import Events, Kind
from montauk_tui.collectors.netlink.reader import Argv, Exec
from tests.collectors.netlink.messages import events, stats


class FakeSocket:
    """Says what it is told to say."""

    def __init__(self, empty: Events) -> None:
        self._lock = threading.Lock()
        self._empty = self.waiting = empty
        self._ready = os.eventfd(0, os.EFD_NONBLOCK)
        self.receiver = SimpleNamespace(dropped=0, foreign=0, sock=self._ready)
        self._broken: Exception | None = None
        self.reads = 0
        self.is_closed = False
        self.names_processes = True

    def say(self, said: Events) -> None:
        """Have something to say."""
        with self._lock:
            self.waiting = np.concatenate([self.waiting, said])
            self.wake()

    def wake(self) -> None:
        """Let poll(2) return."""
        os.eventfd_write(self._ready, 1)

    @property
    def broken(self) -> Exception | None:
        return self._broken

    @broken.setter
    def broken(self, error: Exception | None) -> None:
        self._broken = error
        self.wake()

    def _raise_if_broken(self) -> None:
        if self._broken is not None:
            raise self._broken

    def read(self) -> Events:
        self._raise_if_broken()
        with self._lock:
            self.reads += 1
            said, self.waiting = self.waiting, self._empty
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._ready)
        return said

    def close(self) -> None:
        if not self.is_closed:
            os.close(self._ready)
        self.is_closed = True


class FakeReader:
    """Has read what it is told to have."""

    def __init__(self) -> None:
        self.read: dict[Exec, Argv] = {}
        self.upto_ns: list[int] = []
        self.is_closed = self.has_exited = False

    def drain(self, upto_ns: int) -> dict[Exec, Argv]:
        self.upto_ns.append(upto_ns)
        read, self.read = self.read, {}
        return read

    def close(self) -> None:
        self.is_closed = True


class World:
    """The four sockets, and the process that reads arguments."""

    def __init__(self) -> None:
        self.events = {kind: FakeSocket(events()) for kind in (
            Kind.FORK, Kind.EXEC, Kind.EXIT,
        )}  # fmt: skip
        self.stats = FakeSocket(stats())
        self.refused: dict[object, OSError] = {}
        self.opened: list[FakeSocket] = []
        self.reader = FakeReader()

    def event_socket(self, kind: Kind, _: int) -> FakeSocket:
        return self._open(kind, self.events[kind])

    def listener(self, _: int) -> FakeSocket:
        return self._open("stats", self.stats)

    def _open(self, name: object, socket: FakeSocket) -> FakeSocket:
        if name in self.refused:
            raise self.refused[name]
        self.opened.append(socket)
        return socket

    def start_reader(self, _: int) -> FakeReader:
        if "reader" in self.refused:
            raise self.refused["reader"]
        return self.reader

    def close(self) -> None:
        """Close what no streams have closed."""
        for socket in (*self.events.values(), self.stats):
            socket.close()

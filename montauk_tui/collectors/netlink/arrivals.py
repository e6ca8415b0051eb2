"""Sleeping until a socket has received something."""

import os
import select
import socket
from collections.abc import Iterable

COLLECT_S = 0.25
"""The sockets are read this often at most, while something arrives."""


class Arrivals:
    """Wakes one thread: for something that has arrived, or to end."""

    def __init__(self, sockets: Iterable[socket.socket]) -> None:
        """Watch sockets."""
        self._ending = os.eventfd(0, os.EFD_CLOEXEC)
        self._end, self._any = select.poll(), select.poll()
        for poll in (self._end, self._any):
            poll.register(self._ending, select.POLLIN)
        for one in sockets:
            self._any.register(one, select.POLLIN)

    def wait(self) -> bool:
        """Rest, then sleep until something has arrived; tell whether to go on."""
        if not self._end.poll(COLLECT_S * 1000):
            self._any.poll()
        return not self._end.poll(0)

    def end(self) -> None:
        """Let `wait` return for good."""
        os.eventfd_write(self._ending, 1)

    def close(self) -> None:
        """Release what it holds."""
        os.close(self._ending)

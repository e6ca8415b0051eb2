"""What ends a command that runs until it is stopped."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_MOST_MS: Final = 86_400_000
"""poll(2) takes an int."""


class Stop:
    """Stops what waits for its descriptor; also from a signal or another thread.

    A threading.Event has a lock: the handler of a second signal would wait for that of
    the first for ever, which it interrupted.
    """

    def __init__(self) -> None:
        """Begin unstopped."""
        self.is_set = False
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC)

    def set(self) -> None:
        """Stop."""
        self.is_set = True
        os.eventfd_write(self.descriptor, 1)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it is stopped, or for so long."""
        end_s = None if seconds is None else time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        while not self.is_set:
            left_ms = _MOST_MS
            if end_s is not None:
                left_ms = min(left_ms, round((end_s - time.monotonic()) * 1000))
            if left_ms <= 0:
                return
            poll.poll(left_ms)

    def close(self) -> None:
        """Release the descriptor."""
        os.close(self.descriptor)

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Stop on the usual signals, unless they were inherited as ignored."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        handled = [it for it in _SIGNALS if before[it] is not signal.SIG_IGN]
        for number in handled:
            signal.signal(number, lambda *_: self.set())
        try:
            yield
        finally:
            for number in handled:
                signal.signal(number, before[number])

"""What ends a command that runs until it is stopped."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
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
        self.descriptor, self._told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def set(self) -> None:
        """Stop."""
        self.is_set = True
        with suppress(BlockingIOError):
            os.write(self._told, b"\0")

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
        """Release the descriptors."""
        os.close(self.descriptor)
        os.close(self._told)

    @contextmanager
    def on_signals(
        self,
        numbers: Iterable[signal.Signals] = _SIGNALS,
        then: Callable[[signal.Signals], object] = lambda _number: None,
    ) -> Iterator[None]:
        """Stop on signals, unless they were inherited as ignored.

        Python handles a signal between two of its instructions: one that arrives just
        before poll(2) would wait for its end. The wakeup descriptor ends it; no other
        signal may have a handler meanwhile, as nothing takes what it writes.

        Args:
            numbers: The signals.
            then: What the handler does after it.
        """

        def handle(number: int, _frame: object) -> None:
            self.set()
            then(signal.Signals(number))

        before = {number: signal.getsignal(number) for number in numbers}
        handled = [it for it in before if before[it] is not signal.SIG_IGN]
        woken = signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        for number in handled:
            signal.signal(number, handle)
        try:
            yield
        finally:
            for number in handled:
                signal.signal(number, before[number])
            signal.set_wakeup_fd(woken)

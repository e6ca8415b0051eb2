"""Waiting that an interrupt ends, and a reader that has gone."""

import os
import select
import signal
import sys
import time

from montauk_tui.export.waiting import Waiting


class Waiter:
    """Waits, but no longer than to an interrupt or to the end of the reader."""

    def __init__(self, *, is_forced: bool = False) -> None:
        """Take SIGINT, unless whoever started us had it ignored."""
        self.is_stopped = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._reader = _descriptor()
        if self._reader is not None:
            # Asks for nothing: who reads no more is told anyway.
            self._poll.register(self._reader, 0)
        self._waiting = Waiting(is_forced=is_forced)
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._stop)

    def close(self) -> None:
        """Give SIGINT back."""
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._before)
        os.close(self._wake)

    def while_opening(self, name: str, seconds: float) -> None:
        """Say that the collector takes its time.

        Raises:
            KeyboardInterrupt: There was an interrupt, and nothing to print yet.
        """
        if self.is_stopped:
            raise KeyboardInterrupt
        self._waiting(name, seconds)

    def wait_until(self, due_s: float) -> None:
        """Wait for a moment of CLOCK_MONOTONIC.

        Raises:
            BrokenPipeError: Nobody reads stdout any more.
        """
        left_s = due_s - time.monotonic()
        told = [one for one, _ in self._poll.poll(max(0.0, left_s) * 1000)]
        if self._reader in told:
            raise BrokenPipeError

    def _stop(self, _number: int, _frame: object) -> None:
        self.is_stopped = True
        os.eventfd_write(self._wake, 1)
        # A second one need not wait for anything.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def forget(self) -> None:
        """Wait in full again after an interrupt."""
        if self.is_stopped:
            self._poll.unregister(self._wake)


def _descriptor() -> int | None:
    try:
        return sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return None

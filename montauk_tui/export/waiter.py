"""Waits until a due time, an interrupt, or the end of the reader."""

import select
import signal
import sys
import time
from contextlib import ExitStack, closing

from montauk_tui.export.stopping import Stop
from montauk_tui.export.waiting import Waiting


class Waiter:
    """Waits until a due time, an interrupt, or the reader closes the pipe."""

    def __init__(self, *, is_forced: bool = False, prints: bool = True) -> None:
        """Handle SIGINT, unless it was inherited as ignored.

        Args:
            is_forced: Whether the user chose the collector.
            prints: Whether there is a reader to wait for; without one SIGTERM is
                handled as well.
        """
        self._handling = ExitStack()
        self._stop = self._handling.enter_context(closing(Stop()))
        self._poll = select.poll()
        self._poll.register(self._stop.descriptor, select.POLLIN)
        self._reader = _descriptor() if prints else None
        if self._reader is not None:
            # No events requested: poll reports POLLERR regardless.
            self._poll.register(self._reader, 0)
        self._waiting = Waiting(is_forced=is_forced)
        numbers = (signal.SIGINT,) if prints else (signal.SIGINT, signal.SIGTERM)
        self._handling.enter_context(self._stop.on_signals(numbers, _exit_at_next))

    def close(self) -> None:
        """Restore the handlers of signals."""
        self._handling.close()

    @property
    def is_stopped(self) -> bool:
        """Whether there was an interrupt."""
        return self._stop.is_set

    def while_opening(self, name: str, seconds: float) -> None:
        """Report that the collector is still opening.

        Raises:
            KeyboardInterrupt: An interrupt came before there was anything to print.
        """
        if self.is_stopped:
            raise KeyboardInterrupt
        self._waiting(name, seconds)

    def wait_until(self, due_s: float) -> None:
        """Wait for a moment of CLOCK_MONOTONIC.

        Raises:
            BrokenPipeError: The reader of stdout closed it.
        """
        left_s = due_s - time.monotonic()
        ready = [one for one, _ in self._poll.poll(max(0.0, left_s) * 1000)]
        if self._reader in ready:
            raise BrokenPipeError

    def forget(self) -> None:
        """Wait until the due time again after an interrupt."""
        if self.is_stopped:
            self._poll.unregister(self._stop.descriptor)


def _exit_at_next(number: signal.Signals) -> None:
    again = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    signal.signal(number, again)


def _descriptor() -> int | None:
    try:
        return sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return None

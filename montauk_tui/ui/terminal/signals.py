"""Signals that end the program: in order, or by force where that takes too long."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, Final

from textual.app import App

_PATIENCE_S: Final = 2.0
"""How long leaving in order may take."""

_OTHERS: Final = frozenset(
    {
        # These do not end a program.
        signal.SIGCHLD, signal.SIGCONT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
        signal.SIGURG, signal.SIGWINCH,
        # Python turns these into errors of a write.
        signal.SIGPIPE, signal.SIGXFSZ,
        # Nobody can catch these.
        signal.SIGKILL, signal.SIGSTOP,
        # After these the same instruction would be tried for ever.
        signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
    }
)  # fmt: skip


def endings() -> list[int]:
    """Return the signals that would end the program, and that it can notice."""
    return sorted(set(signal.valid_signals()) - _OTHERS)


def watch(app: App[Any], restore: Callable[[], None]) -> Callable[[int], None]:
    """Let every signal that ends a program end this one in order.

    What whoever started the program has ignored, as nohup does, stays so.

    Args:
        app: What is asked to leave; where it does not, the process ends all the same.
        restore: Restores the terminal at once.

    Returns:
        What ends the program as a signal does, even as one that is ignored.
    """
    loop = asyncio.get_running_loop()
    leaving: list[int] = []

    def leave(number: int, _frame: FrameType | None = None) -> None:
        if loop.is_closed():
            # The terminal was restored before, and nobody is left to be asked.
            os._exit(leaving[0] if leaving else 128 + number)
        if leaving and number == signal.SIGALRM:
            restore()
            os._exit(leaving[0])
        if not leaving:
            leaving.append(128 + number)
            # A timer would need a thread, and there may be no memory for one.
            signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
        loop.call_soon_threadsafe(partial(app.exit, return_code=leaving[0]))

    for number in endings():
        # That of the timer has to arrive.
        if number == signal.SIGALRM or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)
    return leave

"""Fatal signals: an orderly exit, or a forced one if that takes too long."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, Final

from textual.app import App

_PATIENCE_S: Final = 2.0
"""Time limit of an orderly exit."""

_OTHERS: Final = frozenset(
    {
        # These do not terminate a program.
        signal.SIGCHLD, signal.SIGCONT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
        signal.SIGURG, signal.SIGWINCH,
        # Python turns these into errors of a write.
        signal.SIGPIPE, signal.SIGXFSZ,
        # These cannot be caught.
        signal.SIGKILL, signal.SIGSTOP,
        # After these the same instruction would be repeated forever.
        signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
    }
)  # fmt: skip


def endings() -> list[int]:
    """Return the signals that would terminate the program and can be caught."""
    return sorted(set(signal.valid_signals()) - _OTHERS)


def watch(app: App[Any], restore: Callable[[], None]) -> Callable[[int], None]:
    """Make every fatal signal exit the program in order.

    Signals inherited as ignored, as from nohup, stay ignored.

    Args:
        app: The app to exit; if it does not, the process exits anyway.
        restore: Restores the terminal at once.

    Returns:
        A function that exits like a fatal signal, even an ignored one.
    """
    loop = asyncio.get_running_loop()
    leaving: list[int] = []

    def leave(number: int, _frame: FrameType | None = None) -> None:
        if loop.is_closed():
            # The terminal is already restored, and the app has exited.
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
        # The timer's own signal must arrive.
        if number == signal.SIGALRM or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)
    return leave

"""What a test run inherits from whoever started it, and its children must not."""

import signal
from types import FrameType


def drop() -> None:
    """Give the processes that tests start the signals of a fresh session.

    An ignored signal and a mask survive fork and exec, so under `nohup` or in the
    background of a script a child would outlive the signal that a test sends it. A
    handler does not survive exec: the run itself goes on ignoring what it was told to
    ignore, and its children do not (signal(7)).
    """
    for number in signal.valid_signals():
        if signal.getsignal(number) is signal.SIG_IGN and number not in _PYTHONS:
            signal.signal(number, _ignore)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


_PYTHONS = {signal.SIGPIPE, signal.SIGXFSZ}
"""Ignored by Python itself, which restores them in its subprocesses."""


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass


def named(mask: int) -> int:
    """Return the signals of a mask that have names.

    32 and 33 are the C library's own: its posix_spawn(3), by which make starts its
    commands, leaves them ignored, and no program can name them to change that.
    """
    return mask & ~(0b11 << 31)

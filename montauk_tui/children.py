"""What a process that montauk starts is given, and what it does first.

Signals that the parent ignores or blocks are inherited (signal(7)), and so are the
environment and the current folder. Stdlib only, Python 3.9: the programs that do it are
run by path, some of them by the distribution's Python.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterable

_PR_SET_PDEATHSIG = 1

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(*kept: str) -> dict[str, str]:
    """Return an environment in which nothing is the caller's but what is `kept`."""
    chosen = {"PATH": _PATH}
    chosen.update({name: os.environ[name] for name in kept if name in os.environ})
    return chosen


def clean_signals(blocked: Iterable[int] = ()) -> None:
    """Have every signal do what it does by default, and only `blocked` wait."""
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):
                continue  # One of those that the C library keeps for itself.
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def end_with(parent: int, number: int) -> bool:
    """Have this process told `number` when its parent ends; tell whether it lives.

    The kernel means the thread that started this process (PR_SET_PDEATHSIG in
    prctl(2)), so that one has to wait for it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    # 0 is a parent outside of the PID namespace of this process.
    return os.getppid() in (parent, 0)

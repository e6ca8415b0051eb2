"""Environment and signals of the processes that montauk starts.

Signals that the parent ignores or blocks are inherited (signal(7)), and so are the
environment and the current folder. Stdlib only, Python 3.9: the programs that use this
are run by path, some of them by the distribution's Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterable, Iterator

_PR_SET_PDEATHSIG = 1

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(*kept: str) -> dict[str, str]:
    """Return an environment with nothing of the caller's except `kept`."""
    chosen = {"PATH": _PATH}
    chosen.update({name: os.environ[name] for name in kept if name in os.environ})
    return chosen


@contextlib.contextmanager
def stops_blocked() -> Iterator[None]:
    """Block SIGTSTP in this thread while a process is started.

    Between vfork(2) and its exec, the child belongs to the group that Ctrl-Z stops. A
    child stopped there keeps the thread that started it in the kernel, and this
    program would never report itself as stopped (wait_for_vfork_done in kernel/fork.c).
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTSTP,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def clean_signals(blocked: Iterable[int] = ()) -> None:
    """Reset all signals to their defaults, and block only `blocked`."""
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):
                continue  # Reserved by the C library.
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def end_with(parent: int, number: int) -> bool:
    """Send `number` to this process when its parent exits; tell whether it is alive.

    The kernel refers to the thread that started this process (PR_SET_PDEATHSIG in
    prctl(2)), so that thread must outlive it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    # 0: a parent outside the PID namespace of this process.
    return os.getppid() in (parent, 0)

"""I/O priorities of threads, which no file contains (ioprio_get(2))."""

import ctypes
from functools import cache

from montauk_tui.model.ioprio import WHO_PROCESS, calls


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def io_priority(pid: int) -> int | None:
    """Return class and level as one number, None where the thread or call is unknown.

    Hot path: 1 us.
    """
    numbers = calls()
    if numbers is None:
        return None
    value = int(_library().syscall(numbers[1], WHO_PROCESS, pid))
    return None if value < 0 else value

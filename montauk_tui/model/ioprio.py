"""I/O class and level of a thread as one number (ioprio_set(2))."""

import ctypes
import errno
import os
import platform
from functools import cache
from typing import Final

CALLS: Final = {
    "x86_64": (251, 252),
    "i686": (289, 290),
    "aarch64": (30, 31),
    "riscv64": (30, 31),
    "loongarch64": (30, 31),
    "armv7l": (314, 315),
    "ppc64le": (273, 274),
    "s390x": (282, 283),
}
"""The numbers of ioprio_set and ioprio_get, by machine."""

WHO_PROCESS: Final = 1
CLASS_SHIFT: Final = 13
LEVELS: Final = range(8)
"""0 is served first."""

NONE, REALTIME, BEST_EFFORT, IDLE = range(4)


SET, GET = range(2)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(which: int, *arguments: int) -> int:
    """Call ioprio_set or ioprio_get, for which the C library has no functions.

    Hot path: 1 us.

    Raises:
        OSError: The kernel refuses, or the numbers of the calls are unknown (ENOSYS).
    """
    numbers = CALLS.get(platform.machine())
    if numbers is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    result = int(_library().syscall(numbers[which], *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

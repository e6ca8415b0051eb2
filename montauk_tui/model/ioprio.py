"""I/O class and level of a thread as one number (ioprio_set(2))."""

import platform
from typing import Final

_CALLS: Final = {
    "x86_64": (251, 252),
    "i686": (289, 290),
    "aarch64": (30, 31),
    "riscv64": (30, 31),
    "loongarch64": (30, 31),
    "armv7l": (314, 315),
    "ppc64le": (273, 274),
    "s390x": (282, 283),
}

WHO_PROCESS: Final = 1
CLASS_SHIFT: Final = 13
LEVELS: Final = range(8)
"""0 is served first."""

NONE, REALTIME, BEST_EFFORT, IDLE = range(4)


def calls() -> tuple[int, int] | None:
    """Return the numbers of ioprio_set and ioprio_get, None where they are not known.

    The C library has no functions for them.
    """
    return _CALLS.get(platform.machine())

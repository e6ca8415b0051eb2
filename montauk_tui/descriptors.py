"""The limit of open files (RLIMIT_NOFILE in getrlimit(2)).

The soft limit is 1,024 on most systems, for programs that call select(2); the hard
limit is what a process may use. Programs that montauk starts have the limit it was
started with.
"""

import resource
from contextlib import suppress
from typing import Final

_LIMIT: Final = resource.RLIMIT_NOFILE


_before: Final[list[int]] = []
"""The soft limit before it was raised; empty where it was not."""


def raise_limit(wanted: int) -> int:
    """Raise the soft limit if the hard limit permits; return how many may be open.

    Args:
        wanted: How many are of use; a higher limit stays.
    """
    soft, hard = resource.getrlimit(_LIMIT)
    if soft == resource.RLIM_INFINITY:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft >= most:
        return soft
    with suppress(OSError, ValueError):
        resource.setrlimit(_LIMIT, (most, hard))
        _before.append(soft)
        return most
    return soft


def lower_limit_of(pid: int) -> None:
    """Give a process that was just started the soft limit that montauk had."""
    if not _before:
        return
    # It may have exited already.
    with suppress(OSError, ValueError):
        _, hard = resource.prlimit(pid, _LIMIT)
        resource.prlimit(pid, _LIMIT, (_before[0], hard))

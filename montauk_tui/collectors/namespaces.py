"""Whether montauk is in the namespaces that the machine started with."""

import os
from typing import Final

INITIAL: Final = {"pid": 0xEFFFFFFC, "user": 0xEFFFFFFD}
"""Inodes of the initial namespaces, which never change (linux/proc_ns.h)."""


def own(kind: str) -> int:
    """Return the inode of a namespace of this process.

    Raises:
        OSError: This kernel has no such namespaces.
    """
    return os.stat(f"/proc/self/ns/{kind}").st_ino  # noqa: PTH116 - no Path at start


def sees_every_process() -> bool:
    """Tell whether /proc has the processes of the whole machine (pid_namespaces(7))."""
    try:
        return own("pid") == INITIAL["pid"]
    except OSError:
        return True

"""Numbers of the kernel that have names."""

import os
from typing import Final

POLICIES: Final = {
    0: "OTHER",
    1: "FIFO",
    2: "RR",
    3: "BATCH",
    5: "IDLE",
    6: "DL",
    7: "EXT",
}
"""SCHED_* of include/uapi/linux/sched.h."""

REAL_TIME: Final = ("fifo", "rr")
"""Policies that have a priority (sched(7))."""

STATES: Final = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for I/O",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
    "X": "exited",
    "P": "parked",
}
"""State letters (proc_pid_stat(5))."""

ZOMBIE: Final = ord("Z")
DEAD: Final = ord("X")
"""As numbers, as a column has them."""


_ASCII: Final = 128
_PTS_MAJOR: Final = range(136, 144)
_TTY_MAJOR: Final = 4
_CONSOLES: Final = 64


def state_letter(code: int) -> str:
    """Return the letter of a state (proc_pid_stat(5)), "" for an unknown byte."""
    letter = chr(code) if 0 < code < _ASCII else ""
    return letter if letter.isalpha() else ""


def tty_name(device: int) -> str:
    """Return the name of a terminal by its device number (admin-guide/devices.txt)."""
    major, minor = os.major(device), os.minor(device)
    if major in _PTS_MAJOR:
        return f"pts/{(major - _PTS_MAJOR.start) * 256 + minor}"
    if major == _TTY_MAJOR:
        # Serial ports follow the virtual consoles.
        return f"tty{minor}" if minor < _CONSOLES else f"ttyS{minor - _CONSOLES}"
    return f"{major}:{minor}"

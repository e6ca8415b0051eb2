"""The forks and execs since the previous sample, as columns."""

import errno
from collections.abc import Mapping
from typing import ClassVar, Final, Self

from montauk_tui.model.records import RecordTable
from montauk_tui.model.schema import Field

FORK: Final = 1
EXEC: Final = 2
EXEC_FAILED: Final = 4
"""3 is an exit, where events of all kinds are together."""

START_FIELDS: Final[dict[str, Field]] = {
    "kind": Field(
        "FORK, EXEC or EXEC_FAILED",
        "a new process, another program in one, or none despite an execve(2)",
    ),
    "time_ns": Field("ns", "when, after boot (CLOCK_BOOTTIME)"),
    "pid": Field("id", "process id: of a fork the child"),
    "ppid": Field("id", "parent process id"),
    "uid": Field("id", "effective user id"),
    "start_ticks": Field("ticks", "start after boot, 1/USER_HZ s: half the identity"),
    "cmdline_bytes": Field("bytes", "length of the arguments, kept or not"),
    "errno": Field("number", "of a failed exec: the error, as in errno(3)"),
}


class StartTable(RecordTable):
    """A row per fork and per exec of a process, in no order.

    `comm` of a fork is the parent's name, of a failed exec the caller's; `cmdline` is
    that of an exec. Of a failed one `cmdline` and `exe` are what execve(2) was given.
    """

    __slots__ = ()
    FIELDS: ClassVar[Mapping[str, Field]] = START_FIELDS

    def of_known_kinds(self) -> Self:
        """Return the rows of kinds that are known here: recordings may have others."""
        kind = self.kind
        known = (kind == FORK) | (kind == EXEC) | (kind == EXEC_FAILED)
        return self if known.all() else self.only(known)


def error_name(number: int) -> str:
    """Return the name of an error, `error 133` for one that has none here."""
    return errno.errorcode.get(number, f"error {number}")


def tried(exe: bytes, cmdline: bytes, cmdline_bytes: int) -> tuple[bytes, int]:
    """Return the arguments of a failed exec with the file in place of the first.

    A search for a program tries several files with the same arguments.

    Args:
        exe: The file, empty for unknown.
        cmdline: What is kept of the arguments.
        cmdline_bytes: Their length, kept or not.
    """
    if not exe:
        return cmdline, cmdline_bytes
    _, zero, rest = cmdline.partition(b"\0")
    whole = exe + zero + rest
    missing = max(cmdline_bytes - len(cmdline), 1)
    return whole, len(whole) + missing

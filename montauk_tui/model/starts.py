"""The forks and execs since the previous sample, as columns."""

from collections.abc import Mapping
from typing import ClassVar, Final

from montauk_tui.model.records import RecordTable
from montauk_tui.model.schema import Field

FORK: Final = 1
EXEC: Final = 2

START_FIELDS: Final[dict[str, Field]] = {
    "kind": Field("FORK or EXEC", "a new process, or another program in one"),
    "time_ns": Field("ns", "when, after boot (CLOCK_BOOTTIME)"),
    "pid": Field("id", "process id: of a fork the child"),
    "ppid": Field("id", "parent process id"),
    "uid": Field("id", "effective user id"),
    "start_ticks": Field("ticks", "start after boot, 1/USER_HZ s: half the identity"),
    "cmdline_bytes": Field("bytes", "length of the arguments, kept or not"),
}


class StartTable(RecordTable):
    """A row per fork and per exec of a process, in no order.

    `comm` of a fork is the parent's name; `cmdline` is that of an exec.
    """

    __slots__ = ()
    FIELDS: ClassVar[Mapping[str, Field]] = START_FIELDS

"""Exit records: the processes that exited since the previous sample, as columns."""

from collections.abc import Mapping
from typing import ClassVar, Final

from montauk_tui.model.records import RecordTable
from montauk_tui.model.schema import Field

EXIT_FIELDS: Final[dict[str, Field]] = {
    "pid": Field("id", "process id"),
    "ppid": Field("id", "parent process id at the exit"),
    "uid": Field("id", "effective user id"),
    "start_ticks": Field("ticks", "start after boot, 1/USER_HZ s: half the identity"),
    "end_ns": Field("ns", "time of the exit after boot (CLOCK_BOOTTIME)"),
    "lifetime_ns": Field("ns", "from its start to its exit"),
    "exit_code": Field("code", "argument of exit(2); unknown if a signal killed it"),
    "exit_signal": Field(
        "signal", "the signal that killed it; unknown if it called exit(2)"
    ),
    "core_dumped": Field("flag", "1 where it left a core dump, else 0"),
    "utime_ns": Field("ns", "CPU time in user mode, all threads"),
    "stime_ns": Field("ns", "CPU time in the kernel, all threads"),
    "rss_bytes": Field("bytes", "resident set size at the exit"),
    "peak_rss_bytes": Field(
        "bytes", "largest resident set size since its last exec, or else its fork"
    ),
    "read_bytes": Field("bytes", "read from storage"),
    "write_bytes": Field("bytes", "written to storage"),
    "cgroup_id": Field("id", "inode number of its cgroup (version 2)"),
    "threads": Field("count", "threads at the exit"),
    "cmdline_bytes": Field("bytes", "length of its arguments, kept or not"),
}


class ExitTable(RecordTable):
    """A row per exited process, in no order."""

    __slots__ = ()
    FIELDS: ClassVar[Mapping[str, Field]] = EXIT_FIELDS

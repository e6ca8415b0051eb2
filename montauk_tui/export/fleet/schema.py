"""The tables of an export: names, types and units of their columns.

docs/fleet.md has these tables. Columns are added, with a higher VERSION; none changes
its name, type or meaning, so that files of any versions can be read together.
"""

import re
from typing import Final, NamedTuple

VERSION: Final = 1

TEXT: Final = "VARCHAR"
TIME: Final = "TIMESTAMPTZ"
FLAG: Final = "BOOLEAN"
SMALL: Final = "INTEGER"
LARGE: Final = "BIGINT"
REAL: Final = "DOUBLE"


class Column(NamedTuple):
    """A column of a table; it is null where its value is unknown."""

    name: str
    type: str
    """Of SQL."""
    unit: str
    meaning: str


_TIME: Final = "UTC, in µs"

_MACHINE: Final = (
    Column("machine_id", TEXT, "id", "`/etc/machine-id`: hosts may share a name"),
    Column("boot_id", TEXT, "id", "differs after each boot"),
)

_IDENTITY: Final = (
    Column("pid", SMALL, "id", "PID"),
    Column("start_ticks", LARGE, "ticks since boot",
           "start time; boot, PID and it identify a process"),
    Column("ppid", SMALL, "id", "parent PID, or the last one"),
    Column("uid", LARGE, "id", "effective user id"),
    Column("user", TEXT, "", "user name, else the number"),
    Column("comm", TEXT, "", "name; 15 bytes, more for kernel threads"),
    Column("cmdline", TEXT, "", "arguments joined by spaces"),
    Column("cmdline_cut", FLAG, "", "whether `cmdline` is truncated"),
)  # fmt: skip

_EXE: Final = Column("exe", TEXT, "", "program file as given to its last exec")

_PLACE: Final = (
    Column("cgroup", TEXT, "", "path of its cgroup (version 2)"),
    Column("unit", TEXT, "", "systemd unit, by that path"),
    Column("container", TEXT, "", "container as `runtime:name`, by that path"),
    Column("kernel_thread", FLAG, "", "whether it is a kernel thread"),
)

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "samples": (
        Column("time", TIME, _TIME, "the sample: end of the interval"),
        *_MACHINE,
        Column("interval_s", REAL, "s", "since the previous sample"),
        Column("key", FLAG, "", "whether all processes have a row, once a minute; "
               "else those that changed"),
        *_IDENTITY,
        *_PLACE,
        Column("state", TEXT, "one letter", "R S D Z T t I X as in `proc_pid_stat(5)`"),
        Column("cpu_s", REAL, "s", "CPU time in the interval"),
        Column("utime_s", REAL, "s", "total user CPU time, all threads"),
        Column("stime_s", REAL, "s", "total system CPU time, all threads"),
        Column("rss_bytes", LARGE, "bytes", "resident memory"),
        Column("virt_bytes", LARGE, "bytes", "virtual memory"),
        Column("threads", SMALL, "count", "number of threads"),
        Column("nice", SMALL, "-20 to 19", "nice value"),
        Column("minflt", LARGE, "count", "total page faults without I/O"),
        Column("majflt", LARGE, "count", "total page faults with I/O"),
        Column("read_bytes", LARGE, "bytes", "total read from storage"),
        Column("write_bytes", LARGE, "bytes",
               "total written to storage, less cancelled"),
    ),
    "exits": (
        Column("time", TIME, _TIME, "the exit"),
        *_MACHINE,
        *_IDENTITY,
        _EXE,
        *_PLACE,
        Column("exit_code", SMALL, "0 to 255", "exit status; null if by a signal"),
        Column("exit_signal", SMALL, "number", "signal that terminated it"),
        Column("core_dumped", FLAG, "", "whether it dumped core"),
        Column("killed_by", TEXT, "",
               "how it was killed: kill, oom, fault, ... as in JSON"),
        Column("killer", TEXT, "", "name of the process that killed it"),
        Column("lifetime_s", REAL, "s", "time from start to exit"),
        Column("cpu_s", REAL, "s",
               "CPU time that no row of `samples` has: the sum of both is all"),
        Column("utime_s", REAL, "s", "user CPU time of its whole life"),
        Column("stime_s", REAL, "s", "system CPU time of its whole life"),
        Column("rss_bytes", LARGE, "bytes", "resident memory at the exit"),
        Column("peak_rss_bytes", LARGE, "bytes", "peak since exec, or fork"),
        Column("threads", SMALL, "count", "number of threads at the exit"),
        Column("read_bytes", LARGE, "bytes", "total read from storage"),
        Column("write_bytes", LARGE, "bytes",
               "total written to storage, less cancelled"),
    ),
    "execs": (
        Column("time", TIME, _TIME, "the exec"),
        *_MACHINE,
        *_IDENTITY,
        _EXE,
    ),
    "hosts": (
        Column("time", TIME, _TIME, "first sample of the segment: a row for each"),
        Column("end_time", TIME, _TIME, "its last sample"),
        *_MACHINE,
        Column("segment", TEXT, "", "name of the segment"),
        Column("schema_version", SMALL, "number", "version of these tables"),
        Column("kernel", TEXT, "", "release of the kernel"),
        Column("architecture", TEXT, "", "as of `uname -m`"),
        Column("collector", TEXT, "", "collector of the last sample"),
        Column("samples", LARGE, "count", "samples exported"),
        Column("damaged", LARGE, "count", "samples that could not be read"),
        Column("cpus", SMALL, "count", "CPUs online"),
        Column("memory_bytes", LARGE, "bytes", "memory of the machine"),
        Column("user_hz", SMALL, "1/s", "ticks a second of `start_ticks`"),
    ),
    "ledger": (
        Column("time", TIME, _TIME, "end of the interval"),
        *_MACHINE,
        Column("interval_s", REAL, "s", "length of the interval"),
        Column("collector", TEXT, "", "kernel, netlink or traditional"),
        Column("cpus", SMALL, "count", "CPUs online"),
        Column("busy_s", REAL, "s", "CPU time not idle: the sum of the next four"),
        Column("live_s", REAL, "s", "CPU time of live processes"),
        Column("exited_s", REAL, "s", "CPU time of exited processes"),
        Column("interrupts_s", REAL, "s", "CPU time of interrupts"),
        Column("unexplained_s", REAL, "s", "the rest"),
        Column("processes", LARGE, "count", "processes at its end"),
        Column("forks", LARGE, "count", "processes started"),
        Column("execs", LARGE, "count", "programs started"),
        Column("exits", LARGE, "count", "processes exited"),
        Column("lost", LARGE, "count", "events lost"),
        Column("memory_used_bytes", LARGE, "bytes", "memory in use at its end"),
        Column("swap_used_bytes", LARGE, "bytes", "swap in use at its end"),
        Column("load_1", REAL, "processes", "load average of a minute"),
    ),
}  # fmt: skip
"""Columns by table. `host` and `date` are in the path of a file."""

PARTITIONS: Final = (
    Column("host", TEXT, "", "host name, by the path"),
    Column("date", "DATE", "UTC", "day of `time`, by the path"),
)
"""Columns that come from the path: the views have them, files do not."""


def named_in(sql: str) -> frozenset[str]:
    """Return the tables that a query may mention; all where it names none."""
    words = set(re.findall(r"\w+", sql.lower()))
    return frozenset(words & TABLES.keys()) or frozenset(TABLES)

"""JSON fields of a process: one table for live and exited processes.

docs/json.md has this table; a test compares both.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from montauk_tui.export import process_values as of
from montauk_tui.export.process_values import Values
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints


class JsonField(NamedTuple):
    """One field of the objects in `processes`."""

    name: str
    unit: str
    meaning: str
    live: Values | None
    """None if it is always unknown for live processes."""
    exited: Values | None
    null_live: str
    """When it is null for a live process."""
    null_exited: str


def values_of(frame: Frame, rows: Ints, *, alive: bool) -> Iterable[tuple[Any, ...]]:
    """Return the values of every field for some rows, live or exited."""
    if not len(rows):
        return ()
    sample = frame.sample
    table = sample.processes if alive else sample.exits
    nothing: list[Any] = [None] * len(rows)
    getters = [field.live if alive else field.exited for field in FIELDS]
    columns = [get(frame, table, rows) if get else nothing for get in getters]
    return zip(*columns, strict=True)


_LIVES: Final = "alive"
_NOT: Final = "unknown"
_NEVER: Final = "never"
_ENDED: Final = "exited"

FIELDS: Final = (
    JsonField("pid", "integer", "PID; thread id for a thread",
              *of.both("pid"), _NEVER, _NEVER),
    JsonField("ppid", "integer", "parent PID, or the last one; 0: none visible",
              *of.both("ppid"), _NOT, _NOT),
    JsonField("tgid", "integer", "PID of a thread's process; else `pid`",
              of.number("tgid"), of.number("pid"), _NOT, _NEVER),
    JsonField("start_time", "s since 1970", "start time, wall clock",
              of.start_time, of.start_time, _NOT, _NOT),
    JsonField("start_boot_s", "s since boot", "start time, clock changes ignored",
              of.start_boot, of.start_boot, _NOT, _NOT),
    JsonField("alive", "boolean", "false if it exited in the interval",
              of.always(value=True), of.always(value=False), _NEVER, _NEVER),
    JsonField("state", "one letter", "R S D Z T t I X as in `proc_pid_stat(5)`",
              of.state, None, _NOT, _ENDED),
    JsonField("comm", "string", "name; 15 bytes, more for kernel threads",
              of.name, of.exit_name, _NEVER, _NOT),
    JsonField("cmdline", "string", "arguments joined by spaces",
              of.cmdline, of.exit_cmdline, "not readable", "not readable"),
    JsonField("cmdline_cut", "boolean", "whether `cmdline` is truncated",
              of.is_cut, of.exit_is_cut, "no `cmdline`", "no `cmdline`"),
    JsonField("exe", "string", "program file as given to its last exec, if seen",
              None, of.exit_exe, _LIVES, _NOT),
    JsonField("uid", "integer", "effective user id", *of.both("uid"), _NOT, _NOT),
    JsonField("user", "string", "sanitised user name, else the number",
              of.user, of.user, "no `uid`", "no `uid`"),
    JsonField("cpu_pct", "%, 100 is one core", "CPU use in the interval",
              of.rate("cpu_pct", 2), of.rate("exit_cpu_pct", 2),
              "first seen", "first seen, or unknown"),
    JsonField("cpu_s", "s", "CPU time in the interval, in ns resolution",
              of.rate("cpu_s", 9), of.rate("exit_used_s", 9),
              "as `cpu_pct`", "as `cpu_pct`"),
    JsonField("children_pct", "%, 100 is one core", "CPU use of exited children",
              of.children_pct, None, "exits are reported", _ENDED),
    JsonField("utime_s", "s", "total user CPU time, all threads",
              of.cpu_seconds("utime"), of.exit_seconds("utime_ns"), _NOT, _NOT),
    JsonField("stime_s", "s", "total system CPU time, all threads",
              of.cpu_seconds("stime"), of.exit_seconds("stime_ns"), _NOT, _NOT),
    JsonField("rss_bytes", "bytes", "resident memory, or that at exit",
              *of.both("rss_bytes"), _NOT, _NOT),
    JsonField("peak_rss_bytes", "bytes", "peak `rss_bytes` since exec, or fork",
              None, of.number("peak_rss_bytes"), _LIVES, _NOT),
    JsonField("virt_bytes", "bytes", "virtual memory",
              of.number("virt_bytes"), None, _NOT, _ENDED),
    JsonField("read_bytes", "bytes", "total read from storage, all threads",
              *of.both("read_bytes"), _NOT, _NOT),
    JsonField("write_bytes", "bytes", "total written to storage, less cancelled",
              *of.both("write_bytes"), _NOT, _NOT),
    JsonField("cgroup_id", "integer", "inode number of its cgroup (version 2)",
              *of.both("cgroup_id"), _NOT, _NOT),
    JsonField("threads", "integer", "number of threads, or that at exit",
              *of.both("threads"), _NOT, _NOT),
    JsonField("priority", "integer", "kernel priority; negative for real time",
              of.number("priority"), None, _NOT, _ENDED),
    JsonField("nice", "integer", "nice value, -20 to 19",
              of.number("nice"), None, _NOT, _ENDED),
    JsonField("minflt", "integer", "total page faults without I/O",
              of.number("minflt"), None, _NOT, _ENDED),
    JsonField("majflt", "integer", "total page faults with I/O",
              of.number("majflt"), None, _NOT, _ENDED),
    JsonField("processor", "integer", "CPU it last ran on",
              of.number("processor"), None, _NOT, _ENDED),
    JsonField("exit_code", "integer", "exit status, 0 to 255",
              None, of.number("exit_code"), _LIVES, "by signal, unknown"),
    JsonField("exit_signal", "integer", "signal that terminated it",
              None, of.number("exit_signal"), _LIVES, "no signal, unknown"),
    JsonField("core_dumped", "boolean", "whether it dumped core",
              None, of.core_dumped, _LIVES, _NOT),
    JsonField("killed_by", "object", "why a signal ended it: see below",
              None, of.killed_by, _LIVES, "no signal, unknown"),
    JsonField("lifetime_s", "s", "time from start to exit",
              None, of.exit_seconds("lifetime_ns"), _LIVES, _NOT),
)  # fmt: skip
"""Every field, in the order of the objects."""

"""What JSON says of a process: one table of fields for who lives and who ended.

docs/json.md has this table; a test compares both.
"""

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
    living: Values | None
    """None where it is not known of who lives."""
    ended: Values | None
    null_living: str
    """When it is null of one that lives."""
    null_ended: str


def processes_json(frame: Frame, live: Ints, ended: Ints) -> list[dict[str, Any]]:
    """Return the objects of rows of a frame that live, then of rows of its exits."""
    names = [field.name for field in FIELDS]
    found: list[dict[str, Any]] = []
    sample = frame.sample
    for rows, table, getters in (
        (live, sample.processes, [field.living for field in FIELDS]),
        (ended, sample.exits, [field.ended for field in FIELDS]),
    ):
        if not len(rows):
            continue
        nothing: list[Any] = [None] * len(rows)
        columns = [get(frame, table, rows) if get else nothing for get in getters]
        found += [
            dict(zip(names, values, strict=True))
            for values in zip(*columns, strict=True)
        ]
    return found


_LIVES: Final = "it lives"
_NOT: Final = "not known"
_NEVER: Final = "never"
_ENDED: Final = "it ended"

FIELDS: Final = (
    JsonField("pid", "integer", "process id; thread id in a thread's row",
              *of.both("pid"), _NEVER, _NEVER),
    JsonField("ppid", "integer", "parent, or last parent; 0: none visible",
              *of.both("ppid"), _NOT, _NOT),
    JsonField("tgid", "integer", "the process a thread belongs to; else `pid`",
              of.number("tgid"), of.number("pid"), _NOT, _NEVER),
    JsonField("start_time", "s since 1970", "when it started, by the wall clock",
              of.start_time, of.start_time, _NOT, _NOT),
    JsonField("start_boot_s", "s since boot", "the same, whoever sets the clock",
              of.start_boot, of.start_boot, _NOT, _NOT),
    JsonField("alive", "boolean", "false where it ended in the interval",
              of.always(value=True), of.always(value=False), _NEVER, _NEVER),
    JsonField("state", "one letter", "R S D Z T t I X as in `proc_pid_stat(5)`",
              of.state, None, _NOT, _ENDED),
    JsonField("comm", "string", "name, at most 15 bytes but of kernel threads",
              of.name, of.exit_name, _NEVER, _NOT),
    JsonField("cmdline", "string", "arguments joined by spaces",
              of.cmdline, of.exit_cmdline, "not readable", "not readable"),
    JsonField("cmdline_cut", "boolean", "whether `cmdline` is cut",
              of.is_cut, of.exit_is_cut, "no `cmdline`", "no `cmdline`"),
    JsonField("uid", "integer", "effective user id", *of.both("uid"), _NOT, _NOT),
    JsonField("user", "string", "its name made safe, else the number as text",
              of.user, of.user, "no `uid`", "no `uid`"),
    JsonField("cpu_pct", "%, 100 is one core", "CPU use in the interval",
              of.rate("cpu_pct", 2), of.rate("exit_cpu_pct", 2),
              "old, new to us", "so, or not known"),
    JsonField("cpu_s", "s", "CPU time in the interval, to the ns",
              of.rate("cpu_s", 9), of.rate("exit_used_s", 9),
              "as `cpu_pct`", "as `cpu_pct`"),
    JsonField("children_pct", "%, 100 is one core", "that of ended children",
              of.children_pct, None, "ends are known", _ENDED),
    JsonField("utime_s", "s", "user CPU time so far, all threads",
              of.cpu_seconds("utime"), of.exit_seconds("utime_ns"), _NOT, _NOT),
    JsonField("stime_s", "s", "system CPU time so far, all threads",
              of.cpu_seconds("stime"), of.exit_seconds("stime_ns"), _NOT, _NOT),
    JsonField("rss_bytes", "bytes", "resident memory, or that at its end",
              *of.both("rss_bytes"), _NOT, _NOT),
    JsonField("peak_rss_bytes", "bytes", "largest `rss_bytes` since its exec, or fork",
              None, of.number("peak_rss_bytes"), _LIVES, _NOT),
    JsonField("virt_bytes", "bytes", "virtual memory",
              of.number("virt_bytes"), None, _NOT, _ENDED),
    JsonField("read_bytes", "bytes", "read from storage so far, all threads",
              *of.both("read_bytes"), _NOT, _NOT),
    JsonField("write_bytes", "bytes", "written to storage so far, not cancelled",
              *of.both("write_bytes"), _NOT, _NOT),
    JsonField("cgroup_id", "integer", "inode number of its cgroup (version 2)",
              *of.both("cgroup_id"), _NOT, _NOT),
    JsonField("threads", "integer", "how many threads, or how many at its end",
              *of.both("threads"), _NOT, _NOT),
    JsonField("priority", "integer", "kernel priority; below 0 for real time",
              of.number("priority"), None, _NOT, _ENDED),
    JsonField("nice", "integer", "nice value, -20 to 19",
              of.number("nice"), None, _NOT, _ENDED),
    JsonField("minflt", "integer", "page faults without I/O so far",
              of.number("minflt"), None, _NOT, _ENDED),
    JsonField("majflt", "integer", "page faults with I/O so far",
              of.number("majflt"), None, _NOT, _ENDED),
    JsonField("processor", "integer", "the CPU it last ran on",
              of.number("processor"), None, _NOT, _ENDED),
    JsonField("exit_code", "integer", "what it passed to `exit(2)`, 0 to 255",
              None, of.number("exit_code"), _LIVES, "by signal, not known"),
    JsonField("exit_signal", "integer", "the signal that ended it",
              None, of.number("exit_signal"), _LIVES, "it exited, not known"),
    JsonField("core_dumped", "boolean", "whether it left a core dump",
              None, of.core_dumped, _LIVES, _NOT),
    JsonField("lifetime_s", "s", "from its start to its end",
              None, of.exit_seconds("lifetime_ns"), _LIVES, _NOT),
)  # fmt: skip
"""Every field, in the order of the objects."""

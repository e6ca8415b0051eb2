"""Every column of the process table as one row of a table of descriptors.

A column says what it is called, how wide it is, what it needs, by what it sorts, what
it says in a row and what that means. A new column is one row here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from montauk_tui.engine import cells, units
from montauk_tui.engine import extra_cells as extra
from montauk_tui.engine.cells import Key, Meaning, Text
from montauk_tui.errors import UsageError
from montauk_tui.model.schema import Need


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the process table."""

    id: str
    title: str
    description: str
    width: int
    """Cells; 0 takes what is left of the line."""
    key: Key
    text: Text
    level: Meaning = cells.plain
    left: bool = False
    """Whether it is aligned to the left."""
    descending: bool = False
    """Whether the largest comes first when it becomes the sort column."""
    need: Need = Need.NONE
    """What a sample must hold to sort by it."""
    holds_pid: bool = False
    """Whether it widens with the largest pid."""
    yields: int = 0
    """How early it gives its place on a narrow screen; 0 never."""


def _pid(field: str, title: str, description: str) -> Column:
    return Column(
        field, title, description, 5, cells.number(field), cells.integer_text(field),
        holds_pid=True,
    )  # fmt: skip


def _extra(
    name: str,
    title: str,
    description: str,
    width: int,
    write: Callable[[float], str],
    level: Meaning = cells.plain,
) -> Column:
    left = write in (units.exit_status_text, extra.event_text)
    return Column(
        name, title, description, width, extra.extra_key(name),
        extra.extra_text(name, write), level, left, descending=True,
    )  # fmt: skip


def _time(field: str, title: str, description: str) -> Column:
    return Column(
        field, title, description, 9, cells.number(field), cells.ticks_text(field),
        descending=True,
    )  # fmt: skip


def _count(field: str, title: str, description: str, width: int) -> Column:
    return Column(
        field, title, description, width, cells.number(field),
        cells.integer_text(field), descending=True,
    )  # fmt: skip


def _size(field: str, title: str, description: str, yields: int) -> Column:
    return Column(
        field, title, description, 5, cells.number(field), cells.size_text(field),
        cells.size_level(field), descending=True, yields=yields,
    )  # fmt: skip


_TABLE: Final = (
    Column(
        "pid", "PID", "process id (thread id in the row of a thread)", 5,
        extra.pid_key, extra.pid_text, holds_pid=True,
    ),
    _pid("ppid", "PPID", "parent process id"),
    _pid("tgid", "TGID", "thread group id: the process of a thread"),
    _pid("pgrp", "PGRP", "process group id"),
    _pid("session", "SID", "session id"),
    Column(
        "tty", "TTY", "controlling terminal", 7,
        cells.number("tty"), cells.tty_text, cells.faint, left=True,
    ),
    Column(
        "user", "USER", "owner, by effective user id", 9,
        cells.user_key, cells.user_text, cells.user_level, left=True, yields=1,
    ),
    Column(
        "uid", "UID", "effective user id", 5,
        cells.number("uid"), cells.integer_text("uid"),
    ),
    Column(
        "priority", "PRI", "kernel priority, rt for real time", 3,
        cells.number("priority"), cells.priority_text, cells.priority_level, yields=7,
    ),
    Column(
        "nice", "NI", "nice value, -20 to 19", 3,
        cells.number("nice"), cells.integer_text("nice"), cells.nonzero_level("nice"),
        yields=5,
    ),
    Column(
        "policy", "SCHED", "scheduling policy", 5,
        cells.number("policy"), cells.policy_text, cells.faint, left=True,
    ),
    _size("virt_bytes", "VIRT", "virtual memory size", 4),
    _size("rss_bytes", "RES", "resident set size", 0),
    Column(
        "shared_bytes", "SHR", "resident shared memory", 5,
        cells.number("shared_bytes"), cells.shared_text, descending=True,
        need=Need.SHARED, yields=6,
    ),
    Column(
        "state", "S", "state; the help tells what the letters mean", 1,
        cells.number("state"), cells.state_text, cells.state_level, left=True,
    ),
    Column(
        "cpu_pct", "CPU%", "CPU use, 100 for one core kept busy", 5,
        cells.cpu_pct_key, cells.cpu_pct_text, cells.cpu_level, descending=True,
    ),
    Column(
        "ncpu_pct", "CPU%", "CPU use, 100 for the whole machine kept busy", 5,
        cells.cpu_pct_key, cells.ncpu_pct_text, cells.cpu_level, descending=True,
    ),
    Column(
        "mem_pct", "MEM%", "resident set size in percent of the memory", 5,
        cells.number("rss_bytes"), cells.mem_pct_text, cells.mem_level,
        descending=True, yields=2,
    ),
    Column(
        "cpu_time", "TIME+", "CPU time so far, user and system", 9,
        cells.cpu_time_key, cells.cpu_time_cell, descending=True, yields=3,
    ),
    _time("utime", "UTIME+", "CPU time in user mode"),
    _time("stime", "STIME+", "CPU time in the kernel"),
    _time("cutime", "CUTIME+", "user CPU time of waited-for children"),
    _time("cstime", "CSTIME+", "system CPU time of waited-for children"),
    _count("threads", "NLWP", "threads in the process", 4),
    _count("minflt", "MINFLT", "page faults served without I/O", 9),
    _count("majflt", "MAJFLT", "page faults that needed I/O", 7),
    Column(
        "processor", "CPU", "CPU last run on", 3,
        cells.number("processor"), cells.integer_text("processor"),
    ),
    Column(
        "start", "START", "when it started: time today, else date or year", 5,
        cells.start_key, cells.start_text, cells.faint, descending=True,
    ),
    Column(
        "elapsed", "ELAPSED", "time since it started", 11,
        cells.age_key, cells.elapsed_text, descending=True,
    ),
    Column(
        "children_pct", "CHLD%", "CPU use of children that came and went", 5,
        extra.children_key, extra.children_text, descending=True,
    ),
    _extra("exit_status", "EXIT", "exit code, or the signal that ended it", 8,
           units.exit_status_text, extra.failure_level("exit_status")),
    _extra("lifetime_s", "LIFE", "how long it lived; of many the median", 6,
           units.lifetime_text),
    _extra("used_s", "USED", "CPU time of a process that ended", 6,
           units.lifetime_text),
    _extra("ended_s", "ENDED", "when it ended", 8, units.clock_second_text),
    _extra("peak_rss_bytes", "MAXRSS", "largest resident set size", 6,
           units.bytes_text),
    _extra("count", "COUNT", "how many processes the row stands for", 5,
           extra.count_text),
    _extra("failed", "FAILED", "how many of them did not end with 0", 6,
           extra.count_text, extra.failure_level("failed")),
    _extra("forks_rate", "FORK/s", "processes started a second", 6, units.rate_text,
           extra.faint_zero("forks_rate")),
    _extra("execs_rate", "EXEC/s", "programs started a second", 6, units.rate_text,
           extra.faint_zero("execs_rate")),
    _extra("ends_rate", "EXIT/s", "processes that ended a second", 6,
           units.rate_text, extra.faint_zero("ends_rate")),
    _extra("failures_rate", "FAIL/s", "those that did not end with 0", 6,
           units.rate_text, extra.failure_level("failures_rate")),
    _extra("short_pct", "SHORT%", "CPU use of the processes it started that ended", 7,
           units.percent_text, extra.percent_level("short_pct")),
    _extra("event_s", "AT", "when it happened", 8, units.clock_second_text),
    _extra("event", "EVENT", "fork, exec or exit", 5, extra.event_text),
    Column(
        "cgroup", "CGROUP", "cgroup (version 2), where the collector tells", 24,
        cells.cgroup_key, cells.cgroup_text, cells.faint, left=True,
    ),
    Column(
        "comm", "COMM", "name of the program or thread", 15,
        cells.name_key, cells.name_text, left=True,
    ),
    Column(
        "command", "Command", "command line, or [name] where there is none", 0,
        cells.command_key, cells.command_text, left=True, need=Need.CMDLINE,
    ),
)  # fmt: skip

COLUMNS: Final = {column.id: column for column in _TABLE}
"""Every column by its id."""

DEFAULT: Final = (
    "pid", "user", "priority", "nice", "virt_bytes", "rss_bytes", "shared_bytes",
    "state", "cpu_pct", "mem_pct", "cpu_time", "command",
)  # fmt: skip
"""What htop shows on its main screen, in its order."""

NAMES: Final = {
    **{column.title.lower(): column.id for column in reversed(_TABLE)},
    **{column.id: column.id for column in _TABLE},
    "cpu": "cpu_pct",
    "mem": "rss_bytes",
    "rss": "rss_bytes",
    "time": "cpu_time",
    "name": "comm",
}
"""What people call a column: its id, its title in any case, or a short form."""


def find(name: str) -> Column:
    """Return the column that `name` means.

    Raises:
        UsageError: None is called so; the remedy lists what there is.
    """
    wanted = name.strip().lower()
    column_id = NAMES.get(wanted) or NAMES.get(wanted.rstrip("%"))
    if column_id is None:
        reason = f"no column is called {name!r}"
        raise UsageError(reason, f"choose one of: {', '.join(COLUMNS)}")
    return COLUMNS[column_id]


def entry(text: str) -> str:
    """Return an entry of a list of columns, `id` or `id:width`, for what was written.

    Raises:
        UsageError: No column is called so, or it cannot be that wide.
    """
    name, colon, width = text.partition(":")
    column = find(name)
    if not colon:
        return column.id
    if not column.width:
        reason = f"{column.id!r} takes what is left of the line"
        raise UsageError(reason, "leave its width out")
    digits = width.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(WIDEST))):
        raise UsageError(f"{width!r} is not a width", 'write for example "user:12"')
    cells_wide, least = int(digits), least_width(column)
    if not least <= cells_wide <= WIDEST:
        reason = f"{column.id!r} cannot be {cells_wide} cells wide"
        raise UsageError(reason, f"choose {least} to {WIDEST}")
    return with_width(column.id, cells_wide)


WIDEST: Final = 200
"""Cells a column may be given."""


def id_of(entry: str) -> str:
    """Return the column of an entry."""
    return entry.partition(":")[0]


def width_of(entry: str) -> int:
    """Return the width of an entry: its own, or what is usual for the column."""
    column_id, _, width = entry.partition(":")
    return int(width) if width else COLUMNS[column_id].width


def with_width(column_id: str, width: int) -> str:
    """Return the entry of a column; the usual width is not written."""
    usual = COLUMNS[column_id].width
    return column_id if width == usual else f"{column_id}:{width}"


def least_width(column: Column) -> int:
    """Return how narrow a column may be: names may be cut, numbers never."""
    return min(column.width, len(column.title) + 1) if column.left else column.width


def command_last(entries: Iterable[str]) -> tuple[str, ...]:
    """Return entries with the command behind: nothing can stand after it."""
    return tuple(sorted(entries, key=lambda entry: id_of(entry) == "command"))


def pick(entries: Iterable[str], *, machine_scale: bool) -> tuple[Column, ...]:
    """Return the columns of `entries` with CPU% on the scale asked for."""
    cpu = "ncpu_pct" if machine_scale else "cpu_pct"
    return tuple(
        _sized(cpu if id_of(entry) in ("cpu_pct", "ncpu_pct") else id_of(entry), entry)
        for entry in entries
    )


def _sized(column_id: str, entry: str) -> Column:
    column, width = COLUMNS[column_id], width_of(entry)
    return column if width == column.width else replace(column, width=width)

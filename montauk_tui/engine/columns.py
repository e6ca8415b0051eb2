"""Every column of the process table as one row of a table of descriptors.

A column says what it is called, how wide it is, what it needs, by what it sorts, what
it says in a row and what that means. A new column is one row here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from montauk_tui.engine import cells, units
from montauk_tui.engine import extra_cells as extra
from montauk_tui.engine import gauge_cells as gauges
from montauk_tui.engine import ioprio_cells as ioprio
from montauk_tui.engine import rate_cells as rates
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
    cost: str = ""
    """What it costs in a few words, where that is more than nothing."""
    privilege: str = ""
    """Without what it is not known of every process, in a few words."""
    show_need: Need = Need.NONE
    """What a sample must hold to show it, where that is not looked up for each row."""


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


class _File(NamedTuple):
    """Where a gauge or a label is read."""

    need: Need
    cost: str = "0.03 ms a row"
    privilege: str = ""


_TRACE: Final = "CAP_SYS_PTRACE for other users"

_MAP: Final = _File(Need.MEMORY, "0.1 ms a row, and 15 ms a GiB of memory", _TRACE)
_CGROUP: Final = _File(Need.CGROUP, "0.03 ms a row, less where kernel collects")


def _gauge(
    name: str,
    title: str,
    description: str,
    file: _File,
    write: Callable[[float], str] = gauges.integer_text,
) -> Column:
    return Column(
        name, title, description, max(5, len(title)), gauges.gauge_key(name),
        gauges.gauge_text(name, write), gauges.gauge_level(name), descending=True,
        need=file.need, cost=file.cost, privilege=file.privilege,
    )  # fmt: skip


def _label(name: str, title: str, description: str, width: int, file: _File) -> Column:
    return Column(
        name, title, description, width, gauges.label_key(name),
        gauges.label_text(name), cells.faint, left=True, need=file.need,
        cost=file.cost, privilege=file.privilege,
    )  # fmt: skip


_COUNTER: Final = "0.01 ms a process, none with kernel"
_MAIN_THREAD: Final = "(main thread; kernel: all)"


def _byte_rate(
    column_id: str, title: str, description: str, *fields: str, yields: int = 0
) -> Column:
    return Column(
        column_id, title, description, max(9, len(title)), rates.rate_key(*fields),
        rates.rate_text(units.byte_rate_text, *fields), rates.bytes_level(*fields),
        descending=True, need=Need.IO, show_need=Need.IO, yields=yields,
        cost=_COUNTER, privilege=_TRACE,
    )  # fmt: skip


def _byte_total(column_id: str, title: str, description: str, field: str) -> Column:
    return Column(
        column_id, title, description, 6, cells.number(field), cells.size_text(field),
        cells.size_level(field), descending=True, need=Need.IO, show_need=Need.IO,
        cost=_COUNTER, privilege=_TRACE,
    )  # fmt: skip


def _rate(
    column_id: str, title: str, description: str, field: str, need: Need = Need.NONE
) -> Column:
    return Column(
        column_id, title, description, 6, rates.rate_key(field),
        rates.rate_text(units.rate_text, field), rates.rate_level(field),
        descending=True, need=need, show_need=need, cost=_COUNTER if need else "",
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
    _gauge("pss_bytes", "PSS", "proportional set size; may be seconds old",
           _MAP, units.bytes_text),
    _gauge("uss_bytes", "PRIV", "unshared memory (USS); may be seconds old",
           _MAP, units.bytes_text),
    _gauge("swap_bytes", "SWAP", "swapped out, without shared memory",
           _File(Need.SWAP, "0.05 ms a row"), units.bytes_text),
    _gauge("swap_pss_bytes", "PSSWP", "swapped out, shared memory divided up",
           _MAP, units.bytes_text),
    _gauge("oom", "OOM", "badness: the OOM killer takes the highest",
           _File(Need.OOM)),
    _gauge("oom_adj", "OOMADJ", "what is added to OOM, -1000 for never",
           _File(Need.OOM_ADJ)),
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
    Column(
        "throttled_pct", "THR%", "share of periods that a CPU limit cut short", 5,
        gauges.throttled_key,
        lambda frame, row: units.percent_text(gauges.throttled_pct(frame, row)),
        gauges.throttled_level, descending=True,
        need=Need.THROTTLED, cost="0.04 ms a row, and 0.02 ms a cgroup",
    ),
    _time("utime", "UTIME+", "CPU time in user mode"),
    _time("stime", "STIME+", "CPU time in the kernel"),
    _time("cutime", "CUTIME+", "user CPU time of waited-for children"),
    _time("cstime", "CSTIME+", "system CPU time of waited-for children"),
    _count("threads", "NLWP", "threads in the process", 4),
    _gauge("files", "nFD", "open files",
           _File(Need.FILES, privilege="CAP_SYS_PTRACE before Linux 6.2")),
    _count("minflt", "MINFLT", "page faults served without I/O", 9),
    _count("majflt", "MAJFLT", "page faults that needed I/O", 7),
    _rate("minflt_rate", "MINF/s", "page faults without I/O a second", "minflt"),
    _rate("majflt_rate", "MAJF/s", "page faults with I/O a second", "majflt"),
    Column(
        "io_priority", "IO", "I/O class and level: B best effort, R real time, id idle",
        2, ioprio.io_priority_key, ioprio.io_priority_text, ioprio.io_priority_level,
        left=True, yields=6,
    ),
    _byte_rate("io_rate", "DISK R/W", "bytes read from and written to storage a second",
               "read_bytes", "write_bytes"),
    _byte_rate("io_read_rate", "DISK READ", "bytes read from storage a second",
               "read_bytes", yields=4),
    _byte_rate("io_write_rate", "DISK WRITE", "bytes written to storage a second",
               "write_bytes", yields=3),
    _byte_total("io_read_bytes", "RBYTES", "bytes read from storage so far",
                "read_bytes"),
    _byte_total("io_write_bytes", "WBYTES", "bytes written to storage so far",
                "write_bytes"),
    _byte_rate("rchar_rate", "RCHAR/s", "bytes that read(2) and its like gave a second",
               "rchar"),
    _byte_rate("wchar_rate", "WCHAR/s",
               "bytes that write(2) and its like took a second", "wchar"),
    _rate("vcsw_rate", "VCSW/s",
          f"times a second it gave up a CPU {_MAIN_THREAD}",
          "voluntary_switches", Need.SWITCHES),
    _rate("icsw_rate", "ICSW/s",
          f"times a second a CPU was taken from it {_MAIN_THREAD}",
          "involuntary_switches", Need.SWITCHES),
    Column(
        "runq_pct", "RUNQ%",
        f"waiting for a CPU, 100 for one thread always {_MAIN_THREAD}", 5,
        rates.waiting_pct, rates.waiting_text, rates.waiting_level, descending=True,
        need=Need.WAIT, show_need=Need.WAIT, yields=5, cost=_COUNTER,
    ),
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
    _gauge("autogroup", "AGRP", "autogroup: sessions share CPU time by it",
           _File(Need.AUTOGROUP)),
    _gauge("autogroup_nice", "ANI", "nice value of the autogroup",
           _File(Need.AUTOGROUP)),
    _label("wchan", "WCHAN", "kernel function that it waits in", 16,
           _File(Need.WCHAN, privilege=_TRACE)),
    _label("unit", "UNIT", "systemd unit of its cgroup", 24, _CGROUP),
    _label("container", "CONTAINER", "container, guessed from its cgroup", 20,
           _CGROUP),
    _label("cgroup", "CGROUP", "cgroup, of version 1 the longest path", 24, _CGROUP),
    _label("security", "SECATTR", "label of SELinux, AppArmor or the like", 24,
           _File(Need.SECURITY)),
    _label("exe", "EXE", "program file", 24, _File(Need.EXE, privilege=_TRACE)),
    _label("cwd", "CWD", "working folder", 24, _File(Need.CWD, privilege=_TRACE)),
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
    "io": "io_rate",
    "read": "io_read_rate",
    "write": "io_write_rate",
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


def pick(ids: Iterable[str], *, machine_scale: bool) -> tuple[Column, ...]:
    """Return the columns `ids` with CPU% on the scale asked for."""
    cpu = "ncpu_pct" if machine_scale else "cpu_pct"
    return tuple(
        COLUMNS[cpu if column_id in ("cpu_pct", "ncpu_pct") else column_id]
        for column_id in ids
    )

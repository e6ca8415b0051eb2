"""Every column of the process table as one row of a table of descriptors.

A column has title, width, need, sort key, text and meaning. A new column is one row
here.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from montauk_tui.engine import units
from montauk_tui.engine.columns import cells
from montauk_tui.engine.columns import death_cells as deaths
from montauk_tui.engine.columns import extra_cells as extra
from montauk_tui.engine.columns import gauge_cells as gauges
from montauk_tui.engine.columns import inputs as made_from
from montauk_tui.engine.columns import ioprio_cells as ioprio
from montauk_tui.engine.columns import rate_cells as rates
from montauk_tui.engine.columns.cgroup_columns import CGROUP_COLUMNS
from montauk_tui.engine.columns.column import (
    CGROUP,
    COUNTER,
    MAIN_THREAD,
    MAP,
    TRACE,
    Column,
    File,
    byte_rate_column,
    byte_total_column,
    count_column,
    extra_column,
    gauge_column,
    id_column,
    label_column,
    rate_column,
    size_column,
    summed,
    time_column,
)
from montauk_tui.engine.columns.containers import container_of, unit_of
from montauk_tui.engine.columns.device_columns import DEVICE_COLUMNS
from montauk_tui.errors import UsageError, did_you_mean
from montauk_tui.model.schema import Need
from montauk_tui.model.text import quoted

_TABLE: Final = (
    Column(
        "pid", "PID", "process id (thread id in the row of a thread)", 5,
        extra.pid_key, extra.pid_text, holds_pid=True, inputs=made_from.pid,
    ),
    id_column("ppid", "PPID", "parent process id"),
    Column(
        "tgid", "TGID", "thread group id: the process of a thread", 5,
        extra.tgid_key, extra.tgid_text, holds_pid=True, inputs=made_from.tgid,
    ),
    id_column("pgrp", "PGRP", "process group id"),
    id_column("session", "SID", "session id"),
    Column(
        "tty", "TTY", "controlling terminal", 7,
        cells.number("tty"), cells.tty_text, cells.faint, left=True,
        inputs=made_from.field("tty"),
    ),
    Column(
        "user", "USER", "owner, by effective user id", 9,
        cells.user_key, cells.user_text, cells.user_level, left=True, yields=1,
        inputs=made_from.user,
    ),
    Column(
        "uid", "UID", "effective user id", 5,
        cells.number("uid"), cells.integer_text("uid"), inputs=made_from.field("uid"),
    ),
    Column(
        "priority", "PRI", "kernel priority, rt for real time", 3,
        cells.number("priority"), cells.priority_text, cells.priority_level, yields=7,
        inputs=made_from.field("priority"),
    ),
    Column(
        "nice", "NI", "nice value, -20 to 19", 3,
        cells.number("nice"), cells.integer_text("nice"), cells.nonzero_level("nice"),
        yields=5, inputs=made_from.field("nice"),
    ),
    Column(
        "policy", "SCHED", "scheduling policy", 5,
        cells.number("policy"), cells.policy_text, cells.faint, left=True,
        inputs=made_from.field("policy"),
    ),
    size_column("virt_bytes", "VIRT", "virtual memory size", 4),
    summed(size_column("rss_bytes", "RES", "resident set size", 0)),
    Column(
        "shared_bytes", "SHR", "resident shared memory", 5,
        cells.number("shared_bytes"), cells.shared_text, descending=True,
        need=Need.SHARED, yields=6, inputs=made_from.known("shared_bytes"),
    ),
    gauge_column("pss_bytes", "PSS", "proportional set size; may be seconds old",
                 MAP, units.bytes_text),
    gauge_column("uss_bytes", "PRIV", "unshared memory (USS); may be seconds old",
                 MAP, units.bytes_text),
    gauge_column("swap_bytes", "SWAP", "swapped out, without shared memory",
                 File("0.05 ms a row"), units.bytes_text),
    gauge_column("swap_pss_bytes", "PSSWP", "swapped out, shared memory divided up",
                 MAP, units.bytes_text),
    gauge_column("oom", "OOM", "badness: the OOM killer takes the highest"),
    gauge_column("oom_adj", "OOMADJ", "what is added to OOM, -1000 for never"),
    Column(
        "state", "S", "state; the help explains the letters", 1,
        cells.number("state"), cells.state_text, cells.state_level, left=True,
        inputs=made_from.field("state"),
    ),
    Column(
        "cpu_pct", "CPU%", "CPU use, 100 for one core kept busy", 5,
        cells.cpu_pct_key, cells.cpu_pct_text, cells.cpu_level, descending=True,
        sums=True, is_rate=True, inputs=made_from.cpu_pct,
    ),
    Column(
        "ncpu_pct", "CPU%", "CPU use, 100 for the whole machine kept busy", 5,
        cells.cpu_pct_key, cells.ncpu_pct_text, cells.cpu_level, descending=True,
        sums=True, is_rate=True, inputs=made_from.cpu_pct,
    ),
    Column(
        "mem_pct", "MEM%", "resident set size in percent of the memory", 5,
        cells.number("rss_bytes"), cells.mem_pct_text, cells.mem_level,
        descending=True, yields=2, sums=True, inputs=made_from.field("rss_bytes"),
    ),
    Column(
        "cpu_time", "TIME+", "CPU time so far, user and system", 9,
        cells.cpu_time_key, cells.cpu_time_cell, descending=True, yields=3, sums=True,
        inputs=made_from.cpu_ticks,
    ),
    Column(
        "throttled_pct", "THR%", "share of periods that a CPU limit cut short", 5,
        gauges.throttled_key,
        lambda frame, row: units.percent_text(gauges.throttled_pct(frame, row)),
        gauges.throttled_level, descending=True,
        need=Need.of("throttled", "periods"),
        cost="0.04 ms a row, and 0.02 ms a cgroup",
    ),
    summed(time_column("utime", "UTIME+", "CPU time in user mode")),
    summed(time_column("stime", "STIME+", "CPU time in the kernel")),
    time_column("cutime", "CUTIME+", "user CPU time of waited-for children"),
    time_column("cstime", "CSTIME+", "system CPU time of waited-for children"),
    summed(count_column("threads", "NLWP", "threads in the process", 4)),
    gauge_column("files", "nFD", "open files",
                 File(privilege="CAP_SYS_PTRACE before Linux 6.2")),
    count_column("minflt", "MINFLT", "page faults served without I/O", 9),
    count_column("majflt", "MAJFLT", "page faults that needed I/O", 7),
    rate_column("minflt_rate", "MINF/s", "page faults without I/O a second", "minflt"),
    rate_column("majflt_rate", "MAJF/s", "page faults with I/O a second", "majflt"),
    Column(
        "io_priority", "IO", "I/O class and level: B best effort, R real time, id idle",
        2, ioprio.io_priority_key, ioprio.io_priority_text, ioprio.io_priority_level,
        left=True, need=Need.of("io_priority"), yields=6, cost=File().cost,
    ),
    byte_rate_column("io_rate", "DISK R/W",
                     "bytes read from and written to storage a second",
                     "read_bytes", "write_bytes"),
    byte_rate_column("io_read_rate", "DISK READ", "bytes read from storage a second",
                     "read_bytes", yields=4),
    byte_rate_column("io_write_rate", "DISK WRITE", "bytes written to storage a second",
                     "write_bytes", yields=3),
    byte_total_column("io_read_bytes", "RBYTES", "bytes read from storage so far",
                      "read_bytes"),
    byte_total_column("io_write_bytes", "WBYTES", "bytes written to storage so far",
                      "write_bytes"),
    byte_rate_column("rchar_rate", "RCHAR/s",
                     "bytes that read(2) and its like gave a second",
                     "rchar"),
    byte_rate_column("wchar_rate", "WCHAR/s",
                     "bytes that write(2) and its like took a second", "wchar"),
    rate_column("vcsw_rate", "VCSW/s",
                f"times a second it gave up a CPU {MAIN_THREAD}",
                "voluntary_switches", need=Need.SWITCHES),
    rate_column("icsw_rate", "ICSW/s",
                f"times a second a CPU was taken from it {MAIN_THREAD}",
                "involuntary_switches", need=Need.SWITCHES),
    Column(
        "runq_pct", "RUNQ%",
        f"waiting for a CPU, 100 for one thread always {MAIN_THREAD}", 5,
        rates.waiting_pct, rates.waiting_text, rates.waiting_level, descending=True,
        need=Need.WAIT, show_need=Need.WAIT, yields=5, cost=COUNTER, sums=True,
        is_rate=True, inputs=made_from.rate("run_delay_ns"),
    ),
    Column(
        "processor", "CPU", "CPU last run on", 3,
        cells.number("processor"), cells.integer_text("processor"),
        inputs=made_from.field("processor"),
    ),
    Column(
        "start", "START", "when it started: time today, else date or year", 5,
        cells.start_key, cells.start_text, cells.faint, descending=True,
        inputs=made_from.field("start_ticks"),
    ),
    Column(
        "elapsed", "ELAPSED", "time since it started", 11,
        cells.age_key, cells.elapsed_text, descending=True,
    ),
    Column(
        "children_pct", "CHLD%", "CPU use of exited children", 5,
        extra.children_key, extra.children_text, descending=True, is_rate=True,
    ),
    extra_column("exit_status", "EXIT", "exit code, or the signal that killed it", 8,
                 units.exit_status_text, extra.failure_level("exit_status")),
    Column(
        "killed_by", "KILLED BY", "why a signal killed it, and who sent it", 28,
        deaths.cause_key, deaths.cause_text, deaths.cause_level, left=True, yields=8,
        widest=48, texts=deaths.causes,
    ),
    extra_column("lifetime_s", "LIFE", "lifetime; for a group the median", 6,
                 units.lifetime_text),
    extra_column("used_s", "CPUTIME", "CPU time of an exited process", 7,
                 units.lifetime_text),
    extra_column("ended_s", "EXITED", "when it exited", 8, units.clock_second_text),
    extra_column("peak_rss_bytes", "MAXRSS", "largest resident set size", 6,
                 units.bytes_text),
    extra_column("count", "COUNT", "number of processes in the group", 5,
                 units.whole_text),
    extra_column("live", "PROCS", "live processes in the group", 5,
                 units.whole_text, extra.faint_zero("live")),
    extra_column("failed", "FAILED", "how many of them failed (status not 0)", 6,
                 units.whole_text, extra.failure_level("failed")),
    extra_column("forks_rate", "FORK/s", "processes started per second", 6,
                 units.rate_text, extra.faint_zero("forks_rate")),
    extra_column("execs_rate", "EXEC/s", "programs started per second", 6,
                 units.rate_text, extra.faint_zero("execs_rate")),
    extra_column("ends_rate", "EXIT/s", "processes exited per second", 6,
                 units.rate_text, extra.faint_zero("ends_rate")),
    extra_column("failures_rate", "FAIL/s", "failures per second (status not 0)", 6,
                 units.rate_text, extra.failure_level("failures_rate")),
    extra_column("short_pct", "EXITED%",
                 "CPU use of exited processes: those it started, or in the group", 8,
                 units.percent_text, extra.percent_level("short_pct")),
    *CGROUP_COLUMNS,
    *DEVICE_COLUMNS,
    extra_column("event_s", "AT", "when it happened", 8, units.clock_second_text),
    extra_column("event", "EVENT", "fork, exec, exec_failed or exit", 5,
                 extra.event_text),
    gauge_column("autogroup", "AGRP", "autogroup: sessions share CPU time by it"),
    gauge_column("autogroup_nice", "ANI", "nice value of the autogroup"),
    label_column("wchan", "WCHAN", "kernel function it waits in", 16,
                 File(privilege=TRACE), gauges.label("wchan", by_thread=True)),
    label_column("unit", "UNIT", "systemd unit of its cgroup", 24, CGROUP,
                 gauges.of_cgroup(unit_of)),
    label_column("container", "CONTAINER", "container, guessed from its cgroup", 20,
                 CGROUP, gauges.of_cgroup(container_of)),
    label_column("cgroup", "CGROUP", "cgroup, of version 1 the longest path", 24,
                 CGROUP, gauges.of_cgroup()),
    label_column("security", "SECATTR", "label of SELinux, AppArmor or the like", 24),
    label_column("exe", "EXE", "program file", 24, File(privilege=TRACE)),
    label_column("cwd", "CWD", "working folder", 24, File(privilege=TRACE)),
    Column(
        "comm", "COMM", "name of the program or thread", 15,
        cells.name_key, cells.name_text, left=True, inputs=made_from.name,
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
"""Names of a column: its id, its title in any case, or a short form."""


def find(name: str) -> Column:
    """Return the column that `name` means.

    Raises:
        UsageError: None is called so; the remedy is one like it, or all there are.
    """
    wanted = name.strip().lower()
    column_id = NAMES.get(wanted) or NAMES.get(wanted.rstrip("%"))
    if column_id is None:
        reason = f"no column is called {quoted(name)}"
        remedy = did_you_mean(name, NAMES) or f"choose one of: {', '.join(COLUMNS)}"
        raise UsageError(reason, remedy)
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
        reason = f"{column.id!r} takes the rest of the line"
        raise UsageError(reason, "leave its width out")
    digits = width.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(WIDEST))):
        raise UsageError(
            f"{quoted(width)} is not a width", 'write for example "user:12"'
        )
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
    """Return the minimum width of a column: names may be cut, numbers never."""
    return min(column.width, len(column.title) + 1) if column.left else column.width


def command_last(entries: Iterable[str]) -> tuple[str, ...]:
    """Return entries with the command last, as it takes the rest of the line."""
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
    return column if width == column.width else replace(column, width=width, widest=0)

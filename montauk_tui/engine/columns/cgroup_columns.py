"""Columns of what the kernel counts for the cgroup that a group is.

The figures include the cgroups below it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from montauk_tui.engine import units
from montauk_tui.engine.columns import extra_cells as extra
from montauk_tui.engine.columns.cells import Meaning
from montauk_tui.engine.columns.column import Column, Kind, extra_column
from montauk_tui.model.cgroups import CPU, IO, MEMORY, PRESSURE, TASKS
from montauk_tui.model.schema import Need


def _column(
    name: str,
    title: str,
    description: str,
    write: Callable[[float], str],
    need: Need,
    level: Meaning | None = None,
) -> Column:
    """Return a column of what the kernel counts for the cgroup of a group."""
    is_rate = write is units.byte_rate_text
    column_id = f"cgroup_{name}"
    column = extra_column(
        column_id, title, description, max(9 if is_rate else 5, len(title)), write,
        level or extra.faint_zero(column_id),
    )  # fmt: skip
    return replace(
        column, need=need, show_need=need, kind=Kind.SIZE if is_rate else None,
        cost="0.1 ms a cgroup",
    )  # fmt: skip


def _yielding(rank: int, column: Column) -> Column:
    """Return a column that is dropped where paths of cgroups would be cut."""
    return replace(column, yields=rank, widest=column.width)


def _pressure(rank: int, resource: str, title: str, what: str) -> Column:
    """Return a column of the share of 10 s in which tasks waited."""
    name = f"{resource}_pressure_pct"
    column = _column(
        name, title, f"share of 10 s in which a task in it waited for {what}",
        units.percent_text, PRESSURE, extra.stall_level(f"cgroup_{name}"),
    )  # fmt: skip
    return _yielding(rank, column)


CGROUP_COLUMNS: Final = (
    _yielding(8, _column(
        "memory_bytes", "CMEM", "memory charged to the cgroup, with its page cache",
        units.bytes_text, MEMORY,
    )),
    _column("limit_bytes", "LIMIT", "memory limit of the cgroup",
            units.or_none(units.bytes_text), MEMORY),
    _column("memory_pct", "LIMIT%", "memory of the cgroup in percent of its limit",
            units.percent_text, MEMORY, extra.fill_level("cgroup_memory_pct")),
    _column("cpu_pct", "CCPU%", "CPU use of the cgroup as the kernel counts it",
            units.percent_text, CPU, extra.percent_level("cgroup_cpu_pct")),
    _yielding(6, _column(
        "quota", "QUOTA", "CPU limit of the cgroup, in cores",
        units.or_none(units.cores_text), CPU,
    )),
    _yielding(5, _column(
        "throttled_pct", "THROT%", "share of periods in which the cgroup was throttled",
        units.percent_text, CPU, extra.stall_level("cgroup_throttled_pct"),
    )),
    _column("throttled_rate", "THROT/s",
            "seconds per second that CPUs of the cgroup were throttled",
            units.cores_text, CPU),
    _pressure(7, "cpu", "PSIC%", "a CPU"),
    _pressure(9, "memory", "PSIM%", "memory"),
    _pressure(10, "io", "PSII%", "I/O"),
    _column("read_rate", "CREAD", "bytes the cgroup read from devices a second",
            units.byte_rate_text, IO),
    _column("write_rate", "CWRITE", "bytes the cgroup wrote to devices a second",
            units.byte_rate_text, IO),
    _column("tasks", "TASKS", "processes and threads in the cgroup",
            units.whole_text, TASKS),
    _column("tasks_limit", "TSKMAX", "limit of processes and threads of the cgroup",
            units.or_none(units.whole_text), TASKS),
)  # fmt: skip

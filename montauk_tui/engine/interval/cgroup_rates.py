"""What cgroups use and wait for, from two readings of what the kernel counts."""

import math
from collections.abc import Mapping
from typing import Final

from montauk_tui.model.cgroups import NO_LIMIT, CgroupFigures, CgroupSample

AS_READ: Final = {
    "cgroup_memory_bytes": "memory_bytes",
    "cgroup_limit_bytes": "memory_limit_bytes",
    "cgroup_cpu_pressure_pct": "cpu_pressure_pct",
    "cgroup_memory_pressure_pct": "memory_pressure_pct",
    "cgroup_io_pressure_pct": "io_pressure_pct",
    "cgroup_tasks": "tasks",
    "cgroup_tasks_limit": "tasks_limit",
}
"""Columns that show a figure as it was read."""

COUNTED: Final = {
    "cgroup_cpu_pct": ("cpu_s", 100.0),
    "cgroup_throttled_rate": ("throttled_s", 1.0),
    "cgroup_read_rate": ("read_bytes", 1.0),
    "cgroup_write_rate": ("write_bytes", 1.0),
}
"""Columns that show the growth of a figure a second, and in which unit."""


def cgroup_rates(
    previous: CgroupSample | None, current: CgroupSample
) -> Mapping[str, Mapping[str, float]]:
    """Return the values of columns for each cgroup by its path; NaN for unknown.

    Args:
        previous: The sample before, if there was one.
        current: This sample.
    """
    before = {} if previous is None else previous.figures
    return {
        path: _values(before.get(path), now) for path, now in current.figures.items()
    }


def _values(before: CgroupFigures | None, now: CgroupFigures) -> Mapping[str, float]:
    passed_s = (now.read_s - before.read_s if before else 0.0) or math.nan

    def grown(name: str) -> float:
        """Return the growth; what went back is of a cgroup that was made anew."""
        last = before.values.get(name, math.nan) if before else math.nan
        growth = now.values.get(name, math.nan) - last
        return growth if growth >= 0 else math.nan

    read = {
        name: math.inf if value >= NO_LIMIT else value
        for name, value in now.values.items()
    }
    values = {column: read.get(name, math.nan) for column, name in AS_READ.items()}
    for column, (name, unit) in COUNTED.items():
        values[column] = grown(name) * unit / passed_s
    values["cgroup_memory_pct"] = _share_of_limit(read)
    values["cgroup_quota"] = read.get("quota_us", math.nan) / (
        read.get("period_us", math.nan) or math.nan
    )
    throttled, periods = grown("throttled"), grown("periods")
    values["cgroup_throttled_pct"] = throttled / (periods or 1.0) * 100.0
    return values


def _share_of_limit(read: Mapping[str, float]) -> float:
    """Return the share of memory in percent of its limit; NaN without a limit."""
    limit = read.get("memory_limit_bytes", math.nan)
    if not 0 < limit < math.inf:
        return math.nan
    return read.get("memory_bytes", math.nan) / limit * 100.0


PLACE: Final = "cgroup_place"
"""The extra column with the place in `Frame.cgroups` of the cgroup that a row is."""

NAMES: Final = (
    *AS_READ, *COUNTED, "cgroup_memory_pct", "cgroup_quota", "cgroup_throttled_pct",
)  # fmt: skip
"""All columns."""

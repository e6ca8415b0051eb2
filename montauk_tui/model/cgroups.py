"""What the kernel counts for cgroups (admin-guide/cgroup-v2.rst, cgroup-v1/)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from montauk_tui.model.schema import Need

ROOT: Final = "/"

NO_LIMIT: Final = 2.0**64
"""The value of a limit that is not set: more than any, and a number for recordings."""

MEMORY: Final = Need.of("cgroup_memory")
CPU: Final = Need.of("cgroup_cpu")
PRESSURE: Final = Need.of("cgroup_pressure")
IO: Final = Need.of("cgroup_io")
TASKS: Final = Need.of("cgroup_tasks")

NEEDS: Final = MEMORY | CPU | PRESSURE | IO | TASKS
RATES: Final = CPU | IO
"""Those of which the growth is of interest."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that the kernel keeps for a cgroup, those below it included."""

    unit: str
    meaning: str
    need: Need


FIGURES: Final[dict[str, Figure]] = {
    "memory_bytes": Figure("bytes", "memory, with the page cache", MEMORY),
    "memory_limit_bytes": Figure("bytes", "its own limit, or NO_LIMIT", MEMORY),
    "cpu_s": Figure("s", "CPU time so far", CPU),
    "quota_us": Figure("us", "CPU time in each period, or NO_LIMIT", CPU),
    "period_us": Figure("us", "length of a period", CPU),
    "periods": Figure("count", "periods so far in which it ran, with a limit", CPU),
    "throttled": Figure("count", "those in which it had to wait", CPU),
    "throttled_s": Figure("s", "waiting time so far, of all CPUs", CPU),
    "cpu_pressure_pct": Figure("%", "of 10 s some task waited for a CPU", PRESSURE),
    "memory_pressure_pct": Figure("%", "the same for memory", PRESSURE),
    "io_pressure_pct": Figure("%", "the same for I/O", PRESSURE),
    "read_bytes": Figure("bytes", "read from devices so far", IO),
    "write_bytes": Figure("bytes", "written to devices so far", IO),
    "tasks": Figure("count", "processes and threads", TASKS),
    "tasks_limit": Figure("count", "how many are allowed, or NO_LIMIT", TASKS),
}


@dataclass(frozen=True, slots=True)
class CgroupFigures:
    """What was read of one cgroup."""

    read_s: float
    """CLOCK_MONOTONIC of the reading."""
    values: Mapping[str, float]
    """Known values, by names of `FIGURES`."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Why others are unknown; what is in neither was not read."""


@dataclass(frozen=True, slots=True)
class CgroupSample:
    """What was read of the cgroups of the processes, and of those above them."""

    figures: Mapping[str, CgroupFigures] = field(default_factory=dict)
    """By path, as it is shown."""
    unknown: tuple[str, ...] = ()
    """How many were not read, and why: a line each."""


NO_CGROUPS: Final = CgroupSample()

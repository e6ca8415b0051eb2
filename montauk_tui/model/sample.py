"""What a collector read at one moment: raw counters only, frozen, never a rate."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

import numpy as np

from montauk_tui.model.cgroups import NO_CGROUPS, CgroupSample
from montauk_tui.model.devices import (
    NO_DEVICES,
    NO_LISTS,
    DeviceLists,
    Devices,
    Frequency,
    Temperature,
)
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.names import ZOMBIE
from montauk_tui.model.schema import (
    FIELDS,
    PF_EXITING,
    PF_KTHREAD,
    UNKNOWN,
    Bools,
    Bytes,
    Field,
    Floats,
    Ints,
)
from montauk_tui.model.starts import StartTable
from montauk_tui.model.tables import Table


class Identity(NamedTuple):
    """Identifies a process among all since boot.

    The kernel reuses a pid; it does not reuse one within a start tick.
    """

    pid: int
    start_ticks: int


class ProcessTable(Table):
    """A row per process (or thread), sorted by pid.

    Raises:
        ValueError: A column is not in the schema or has another length, or the pids
            are not strictly ascending.
    """

    __slots__ = ()
    FIELDS: ClassVar[Mapping[str, Field]] = FIELDS

    def __init__(self, comm: Bytes, columns: Mapping[str, Ints]) -> None:
        """Check the columns and freeze them."""
        super().__init__(comm, columns)
        _check_order(self.pid)

    def with_columns(self, columns: Mapping[str, Ints]) -> "ProcessTable":
        """Return this table with columns added or replaced."""
        result = self._of_frozen(self.comm, self._columns)
        Table.__init__(result, self.comm, columns)
        _check_order(result.pid)
        return result

    def merged(self, other: "ProcessTable") -> "ProcessTable":
        """Return the rows of both tables; what one of them lacks is unknown there."""
        if len(self) and len(other) and other.pid[-1] < self.pid[0]:
            return other.merged(self)
        names = [*(self.names | other.names)]
        # One call for all columns: some 30 for a row or two take 0.1 ms.
        parts = [getattr(one, name) for name in names for one in (self, other)]
        values = np.concatenate(parts).reshape(len(names), len(self) + len(other))
        comm = np.concatenate([self.comm, other.comm])
        if len(self) and len(other) and self.pid[-1] > other.pid[0]:
            order = np.argsort(values[names.index("pid")], kind="stable")
            values, comm = values.take(order, axis=1), comm[order]
        values.setflags(write=False)
        comm.setflags(write=False)
        merged = self._of_frozen(comm, dict(zip(names, values, strict=True)))
        _check_order(merged.pid)
        return merged

    def replaced(self, rows: Ints, other: "ProcessTable") -> "ProcessTable":
        """Return this table with rows of the same pids from a table of `other` values.

        The columns of `other` must be those of this table.
        """
        columns = {}
        for name, values in self._columns.items():
            columns[name] = changed = values.copy()
            changed[rows] = getattr(other, name)
        comm = self.comm.copy()
        comm[rows] = other.comm
        return ProcessTable(comm, columns)

    @property
    def names(self) -> frozenset[str]:
        """The columns that are not unknown in every row."""
        return frozenset(self._columns)

    @property
    def is_process(self) -> Bools:
        """Which rows stand for a whole process rather than one of its threads."""
        return np.equal(self.pid, self.tgid)

    @property
    def is_kernel(self) -> Bools:
        """Which rows are kernel threads."""
        known: Bools = np.not_equal(self.flags, UNKNOWN)
        is_kernel: Bools = known & np.not_equal(self.flags & PF_KTHREAD, 0)
        return is_kernel

    @property
    def leader_exited(self) -> Bools:
        """Which processes go on with other threads after their leader has exited.

        The flags are those of the first thread, whosever the state is.
        """
        has_exited = np.equal(self.state, ZOMBIE) | (
            np.not_equal(self.flags, UNKNOWN) & np.not_equal(self.flags & PF_EXITING, 0)
        )
        leader_exited: Bools = self.is_process & (self.threads > 1) & has_exited
        return leader_exited

    def identity(self, row: int) -> Identity:
        """Return the identity of the process in `row`."""
        return Identity(int(self.pid[row]), int(self.start_ticks[row]))

    def row_of(self, identity: Identity) -> int | None:
        """Return the row of a process, or None where it is not in this table."""
        row = self.row_of_pid(identity.pid)
        return row if row is not None and self.identity(row) == identity else None

    def row_of_pid(self, pid: int) -> int | None:
        """Return the row of a pid above 0, or None where it is not in this table."""
        row = int(self.pid.searchsorted(pid))
        return row if row < len(self) and self.pid[row] == pid != 0 else None

    def pairs(self, rows: Ints | Bools | slice = slice(None)) -> list[tuple[int, int]]:
        """Return pid and start of many rows: fast, and equal to their identities."""
        pids, starts = self.pid[rows], self.start_ticks[rows]
        return list(zip(pids.tolist(), starts.tolist(), strict=True))


def _check_order(pids: Ints) -> None:
    if not (pids[1:] > pids[:-1]).all():
        raise ValueError("pids are not strictly ascending")


CPU_FIELDS: Final = (
    "user",
    "nice",
    "system",
    "idle",
    "iowait",
    "irq",
    "softirq",
    "steal",
    "guest",
    "guest_nice",
)
"""Columns of `HostSample.cpu_ticks`, the order of /proc/stat (proc_stat(5))."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of the host in bytes (proc_meminfo(5)); NaN where it is not known."""

    total: float
    free: float
    available: float
    buffers: float
    cached: float
    shared: float
    swap_total: float
    swap_free: float
    swap_cached: float
    is_estimate: bool = False
    """Whether `available` is montauk's own estimate, as the kernel reports none."""

    # max() returns its first argument where that is NaN.

    @property
    def cache(self) -> float:
        """Pages of files that can be dropped: /proc counts shared memory to them."""
        return max(self.cached - self.shared, 0.0)

    @property
    def unused(self) -> float:
        """Free memory and memory that can be dropped."""
        return self.free + self.buffers + self.cache

    @property
    def used(self) -> float:
        """Memory held by processes and the kernel, shared memory included."""
        return max(self.total - self.unused, 0.0)

    @property
    def swap_used(self) -> float:
        """Swap space in use."""
        return max(self.swap_total - self.swap_free, 0.0)


@dataclass(frozen=True, slots=True)
class Pressure:
    """Share of the last 10 s in which work waited, in percent (accounting/psi).

    NaN where it is not known.
    """

    some_pct: float
    full_pct: float


@dataclass(frozen=True, slots=True)
class HostSample:
    """Counters and gauges of the whole machine; NaN or UNKNOWN where not known."""

    hostname: str
    cpu_ids: Ints
    """Numbers of the CPUs that are online, ascending; at least one."""
    cpu_ticks: Floats
    """Shape (cpus, len(CPU_FIELDS)), in 1/USER_HZ s since boot."""
    memory: Memory
    load: tuple[float, float, float]
    uptime_s: float
    threads: int
    """Threads that exist on the host, seen or not (proc_loadavg(5))."""
    running: int
    """Threads that run or are ready to run."""
    pressure: Mapping[str, Pressure]
    """By resource (cpu, memory, io); empty where the kernel has no PSI."""
    read_s: float = math.nan
    """CLOCK_MONOTONIC when `cpu_ticks` were read; NaN where that is not known."""
    devices: Devices = NO_DEVICES
    lists: DeviceLists = NO_LISTS
    temperatures: tuple[Temperature, ...] | None = None
    """Of the CPUs; empty without a sensor, None if not needed."""
    frequencies: tuple[Frequency, ...] | None = None
    """Of the CPUs, one for those that share a clock; empty and None as above."""
    measures_interrupts: bool = True
    """Whether the kernel keeps the time of interrupts apart from that of processes
    (CONFIG_IRQ_TIME_ACCOUNTING); else processes are charged for those that hit them."""
    tasks_s: float = math.nan
    """How long the CPUs ran other than their idle tasks, since the collector opened;
    NaN if it does not measure that. Measured interrupts are included."""
    charged_s: float = math.nan
    """CPU time that tasks were charged for, by their cgroups; NaN where not known."""
    charged_has_kernel: bool = True
    """Whether the time of kernel threads is included."""
    charges_stolen: bool = False
    """Whether processes are charged for the time that was stolen from them, as without
    CONFIG_PARAVIRT_TIME_ACCOUNTING."""
    sees_every_process: bool = True
    """Whether processes of the whole machine are listed; not in a PID namespace of its
    own, while the CPUs are those of all."""
    unknown: tuple[str, ...] = ()
    """Why figures are not known: a line each, with the file."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Events since the collector opened; None where this collector cannot count."""

    forks: int | None = None
    execs: int | None = None
    exits: int | None = None
    lost: int = 0
    """Events known to have been missed."""
    lost_exits: int = 0
    """How many of them were exits of processes."""
    read_failures: int | None = None
    """Arguments of processes that could not be read."""
    lost_cpu_times: int = 0
    """Exits reported with less than their CPU time, as its record was lost."""
    lost_signals: int = 0
    """Signals whose record was lost: they may be the causes of exits."""
    lost_failed_execs: int = 0
    """Execs that failed, or may have, whose record was lost."""


LOST: Final = {
    "lost": "event", "lost_cpu_times": "CPU time", "lost_signals": "signal",
    "lost_failed_execs": "failed exec",
}  # fmt: skip
"""What may be lost, by its counter; `lost_exits` are among the events."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of everything a collector sees."""

    time_s: float
    """Wall clock, seconds since the epoch."""
    monotonic_s: float
    boot_s: float
    """CLOCK_BOOTTIME, the clock of start times."""
    booted_at_s: float
    """Wall clock at boot; constant until somebody sets the clock."""
    ticks_per_second: int
    """Unit of utime, stime, cutime and cstime: 100 from /proc, 10**9 from BPF."""
    user_hz: int
    """Unit of start_ticks."""
    processes: ProcessTable
    host: HostSample
    counters: Counters
    exits: ExitTable | None
    """The exits since the previous sample; None where the collector sees none."""
    vanished: int
    """Processes that were listed and exited before they could be read."""
    collect_cpu_s: float
    """CPU time this sample cost the monitor."""
    sees_signals: bool = False
    """Whether the collector records the signals that end processes."""
    sees_failed_execs: bool = False
    """Whether it records execs that fail."""
    starts: StartTable | None = None
    """Forks and execs since the previous sample; None where it cannot see them.

    Also those that failed, where it sees these."""
    ending: Ints | None = None
    """Pids of exits that are counted but not complete: in `exits` of a later sample."""
    reported_until_ns: int | None = None
    """Events up to this CLOCK_BOOTTIME are reported or lost; None for unknown."""
    cgroups: CgroupSample = NO_CGROUPS
    """What the kernel counts for cgroups, as far as it is needed."""

"""The columns of a process table, what each holds, and how unknown is marked."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.bytes_]

UNKNOWN: Final = int(np.iinfo(np.int64).min)
"""The value of an integer column where it is unknown."""

NO_START: Final = 1 << 60
"""`start_ticks` of a row that is not one process: younger than every parent."""

PF_EXITING: Final = 0x00000004
"""Task flag of a thread that is exiting or has exited (include/linux/sched.h)."""

COMM_BYTES: Final = 64
"""Longest name: a kworker's goes past TASK_COMM_LEN (kernel/workqueue.c)."""

PF_KTHREAD: Final = 0x00200000
"""Task flag of a kernel thread (include/linux/sched.h)."""


@dataclass(frozen=True, slots=True)
class Need:
    """Expensive parts of a sample; what no need asks for is not read.

    A set of names: those of the constants below, and of values that are looked up for
    single processes (`Need.of`).
    """

    names: frozenset[str] = frozenset()

    NONE: ClassVar["Need"]
    SHARED: ClassVar["Need"]
    """Resident shared memory of every process: one more file each."""
    THREADS: ClassVar["Need"]
    """A row for every thread: one more file a thread."""
    CMDLINE: ClassVar["Need"]
    """The argument vector of every process, read once per identity."""
    AT_ONCE: ClassVar["Need"]
    """Nothing is put off to a later sample, whatever it costs."""
    NETWORK: ClassVar["Need"]
    """Bytes through the interfaces: one file, and two more when one appears."""
    DISK: ClassVar["Need"]
    """What the disks read and wrote: one file."""
    TEMPERATURE: ClassVar["Need"]
    """The sensors of the CPUs: one file each."""
    FREQUENCY: ClassVar["Need"]
    """The clocks of the CPUs: one file for those that share one."""
    IO: ClassVar["Need"]
    """What every process read and wrote: one more file each."""
    SWITCHES: ClassVar["Need"]
    """Context switches of every process: one more file each."""
    WAIT: ClassVar["Need"]
    """How long every process waited for a CPU: one more file each."""
    CONTAINERS: ClassVar["Need"]
    """Which processes are in containers: one more file, once per identity."""

    @classmethod
    def of(cls, *names: str) -> "Need":
        """Return the need of gauges or labels of every process, by their names."""
        return cls(frozenset(names))

    @classmethod
    def union(cls, needs: Iterable["Need"]) -> "Need":
        """Return what any of them asks for."""
        return cls(frozenset().union(*(need.names for need in needs)))

    def __or__(self, other: "Need") -> "Need":
        """Return what either asks for."""
        return Need(self.names | other.names)

    def __and__(self, other: "Need") -> "Need":
        """Return what both ask for."""
        return Need(self.names & other.names)

    def __sub__(self, other: "Need") -> "Need":
        """Return what only this one asks for."""
        return Need(self.names - other.names)

    def __contains__(self, other: "Need") -> bool:
        """Tell whether all is asked for that `other` asks for."""
        return other.names <= self.names

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(self.names)


Need.NONE = Need()
for _name in set(Need.__annotations__) - {"names", "NONE"}:
    setattr(Need, _name, Need.of(_name))


class Counts(Enum):
    """How a counter beside CPU time grows, and of what."""

    ALL = auto()
    """It only grows."""
    REDUCIBLE = auto()
    """It may also step back: a file is truncated before it was stored
    (task_io_account_cancelled_write)."""
    MAIN_THREAD = auto()
    """It only grows; /proc has it of the main thread only."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a process table."""

    unit: str
    meaning: str
    need: Need = Need.NONE
    counts: Counts | None = None
    """How it counts, of a counter whose growth a second is of interest."""


FIELDS: Final[dict[str, Field]] = {
    "pid": Field("id", "process id; thread id in a thread's row"),
    "tgid": Field("id", "thread group id: equal to pid in a process's row"),
    "ppid": Field("id", "parent process id"),
    "pgrp": Field("id", "process group id"),
    "session": Field("id", "session id"),
    "tty": Field("device", "controlling terminal as a device number, 0 for none"),
    "uid": Field("id", "effective user id"),
    "state": Field("ASCII code", "R S D Z T t I X as in proc_pid_stat(5)"),
    "flags": Field("bits", "task flags, PF_* of include/linux/sched.h"),
    "start_ticks": Field("ticks", "start after boot, 1/USER_HZ s: half the identity"),
    "utime": Field("cpu ticks", "CPU time in user mode, all threads"),
    "stime": Field("cpu ticks", "CPU time in the kernel, all threads"),
    "cutime": Field("cpu ticks", "user CPU time of waited-for children"),
    "cstime": Field("cpu ticks", "system CPU time of waited-for children"),
    "minflt": Field("faults", "page faults served without I/O", counts=Counts.ALL),
    "majflt": Field("faults", "page faults that needed I/O", counts=Counts.ALL),
    "priority": Field("priority", "kernel priority as shown by top"),
    "nice": Field("nice", "nice value, -20 to 19"),
    "rt_priority": Field("priority", "real-time priority, 0 for other policies"),
    "policy": Field("policy", "scheduling policy, SCHED_* of sched(7)"),
    "processor": Field("cpu", "CPU last run on"),
    "threads": Field("count", "threads in the process"),
    "virt_bytes": Field("bytes", "virtual memory size"),
    "rss_bytes": Field("bytes", "resident set size"),
    "shared_bytes": Field("bytes", "resident shared memory", Need.SHARED),
    "cgroup_id": Field("id", "inode number of its cgroup (version 2)"),
    "in_container": Field(
        "flag", "1 in an inner pid namespace, 0 in montauk's own", Need.CONTAINERS
    ),
    "start_stack": Field(
        "address", "bottom of the stack: changes at exec; 0 if hidden"
    ),
    "read_bytes": Field("bytes", "read from storage", Need.IO, Counts.ALL),
    "write_bytes": Field(
        "bytes", "written to storage, sooner or later, less what was cancelled",
        Need.IO, Counts.REDUCIBLE,
    ),
    "rchar": Field(
        "bytes", "returned by read(2) and its like, cached or not", Need.IO, Counts.ALL
    ),
    "wchar": Field(
        "bytes", "passed to write(2) and its like", Need.IO, Counts.ALL
    ),
    "voluntary_switches": Field(
        "switches", "times it gave up a CPU", Need.SWITCHES, Counts.MAIN_THREAD
    ),
    "involuntary_switches": Field(
        "switches", "times a CPU was taken from it", Need.SWITCHES, Counts.MAIN_THREAD
    ),
    "run_delay_ns": Field(
        "ns", "time ready to run without a CPU", Need.WAIT, Counts.MAIN_THREAD
    ),
}  # fmt: skip
"""Every integer column; `comm` is the one column of bytes."""

COUNTERS: Final = tuple(name for name, field in FIELDS.items() if field.counts)
"""Columns of which the growth a second is of interest, beside CPU time."""

FOR_COUNTERS: Final = Need.of(*(n for c in COUNTERS for n in FIELDS[c].need.names))
"""What asks for all of them."""

REDUCIBLE: Final = frozenset(
    name for name in COUNTERS if FIELDS[name].counts is Counts.REDUCIBLE
)
"""Counters that may also step back."""


@cache
def counters(needs: Need) -> tuple[str, ...]:
    """Return the counters that a sample has to hold for `needs`."""
    return tuple(name for name in COUNTERS if FIELDS[name].need in needs)


def as_floats(values: Ints) -> Floats:
    """Return an integer column as floats, NaN where the value is unknown."""
    floats = values.astype(np.float64)
    floats[values == UNKNOWN] = np.nan
    return floats


def known_sum(values: Floats) -> float:
    """Return the sum of what is not NaN; np.nansum takes four times as long."""
    return float(values[~np.isnan(values)].sum())

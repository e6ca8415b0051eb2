"""The columns of a process table, what each holds, and how unknown is marked."""

from dataclasses import dataclass
from enum import Flag, auto
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.bytes_]

UNKNOWN: Final = int(np.iinfo(np.int64).min)
"""The value of an integer column where the collector could not tell."""

NO_START: Final = 1 << 60
"""`start_ticks` of a row that is no single process: younger than every parent."""

PF_EXITING: Final = 0x00000004
"""Task flag of a thread that is ending or has ended (include/linux/sched.h)."""

COMM_BYTES: Final = 64
"""Longest name: a kworker's goes past TASK_COMM_LEN (kernel/workqueue.c)."""

PF_KTHREAD: Final = 0x00200000
"""Task flag of a kernel thread (include/linux/sched.h)."""


class Need(Flag):
    """Costly parts of a sample; what no need asks for is not read."""

    NONE = 0
    SHARED = auto()
    """Resident shared memory of every process: one more file each."""
    THREADS = auto()
    """A row for every thread: one more file a thread."""
    CMDLINE = auto()
    """The argument vector of every process, read once per identity."""
    MEMORY = auto()
    """The memory map of every process summed up, some of them at each sample."""
    SWAP = auto()
    """The status file of every process."""
    OOM = auto()
    """The badness of every process for the OOM killer."""
    OOM_ADJ = auto()
    """What is added to it."""
    EXE = auto()
    """The program file of every process."""
    CWD = auto()
    """The working folder of every process."""
    CGROUP = auto()
    """The cgroup of every process of which the sample does not tell it."""
    THROTTLED = auto()
    """The throttling of every process's cgroups."""
    WCHAN = auto()
    """Where in the kernel every process waits."""
    FILES = auto()
    """How many files every process has open."""
    AUTOGROUP = auto()
    """The autogroup of every process."""
    SECURITY = auto()
    """The security label of every process."""
    AT_ONCE = auto()
    """Nothing is put off to a later sample, whatever it costs."""
    NETWORK = auto()
    """Bytes through the interfaces: one file, and two more when one appears."""
    DISK = auto()
    """What the disks read and wrote: one file."""
    TEMPERATURE = auto()
    """The sensors of the CPUs: one file each."""
    FREQUENCY = auto()
    """The clocks of the CPUs: one file for those that share one."""
    IO = auto()
    """What every process read and wrote: one more file each."""
    SWITCHES = auto()
    """Context switches of every process: one more file each."""
    WAIT = auto()
    """How long every process waited for a CPU: one more file each."""
    CONTAINERS = auto()
    """Which processes are in containers: one more file, once per identity."""


FOR_RATES: Final = Need.IO | Need.SWITCHES | Need.WAIT | Need.THROTTLED
"""What two samples must hold before it can be shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a process table."""

    unit: str
    meaning: str
    need: Need = Need.NONE


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
    "minflt": Field("faults", "page faults served without I/O"),
    "majflt": Field("faults", "page faults that needed I/O"),
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
    "read_bytes": Field("bytes", "read from storage", Need.IO),
    "write_bytes": Field(
        "bytes", "written to storage, sooner or later, less what was cancelled", Need.IO
    ),
    "rchar": Field("bytes", "returned by read(2) and its like, cached or not", Need.IO),
    "wchar": Field("bytes", "passed to write(2) and its like", Need.IO),
    "voluntary_switches": Field("switches", "times it gave up a CPU", Need.SWITCHES),
    "involuntary_switches": Field(
        "switches", "times a CPU was taken from it", Need.SWITCHES
    ),
    "run_delay_ns": Field("ns", "time ready to run without a CPU", Need.WAIT),
}
"""Every integer column; `comm` is the one column of bytes."""

COUNTERS: Final = ("minflt", "majflt", "read_bytes", "write_bytes", "rchar", "wchar",
                   "voluntary_switches", "involuntary_switches",
                   "run_delay_ns")  # fmt: skip
"""Columns that only grow and whose growth a second is of interest, beside CPU time."""


REDUCIBLE: Final = frozenset({"write_bytes"})
"""Counters that may also step back: a file is truncated before it was stored
(task_io_account_cancelled_write)."""


def counters(needs: Need) -> tuple[str, ...]:
    """Return the counters that a sample has to hold for `needs`."""
    return tuple(name for name in COUNTERS if FIELDS[name].need in needs)


def as_floats(values: Ints) -> Floats:
    """Return an integer column as floats, NaN where the value is unknown."""
    floats = values.astype(np.float64)
    floats[values == UNKNOWN] = np.nan
    return floats

"""The records of probes/records.h as numpy types, field for field."""

from typing import Final

import numpy as np
import numpy.typing as npt

ARGV_BYTES: Final = 360

EXEC: Final = 1
EXIT: Final = 2

LIFE: Final = np.dtype(
    [
        *((name, "<u8") for name in (
            "seq", "time_ns", "start_ns", "last_ns", "others_ns", "own_ns", "utime",
            "stime", "read_bytes", "write_bytes", "cgroup_id",
        )),
        *((name, "<u4") for name in ("kind", "pid", "ppid", "uid", "last_tid")),
        ("code", "<i4"),
        *((name, "<u4") for name in (
            "threads", "rss_pages", "peak_pages", "argv_bytes", "exits", "spare",
        )),
        ("comm", "S16"),
        ("argv", f"S{ARGV_BYTES}"),
    ]
)  # fmt: skip

BRIEF: Final = np.dtype(
    [
        *((name, "<u8") for name in ("seq", "time_ns", "start_ns", "run_ns")),
        *((name, "<u4") for name in ("pid", "ppid", "uid", "spare")),
        ("comm", "S16"),
    ]
)  # fmt: skip

FINAL: Final = np.dtype(
    [
        *((name, "<u8") for name in ("seq", "time_ns", "start_ns", "run_ns")),
        *((name, "<u4") for name in ("pid", "spare")),
    ]
)  # fmt: skip

COUNTS: Final = np.dtype(
    [
        *((name, "<u8") for name in (
            "lives", "forks", "finals", "execs", "exits", "failures", "spare1",
            "spare2",
        )),
    ]
)  # fmt: skip

IDLE: Final = np.dtype(
    [
        *((name, "<u8") for name in ("task", "idle_ns", "since_ns", "charged_ns")),
        ("spare", "<u8", (4,)),
    ]
)

TASK: Final = np.dtype(
    [
        *((name, "<u8") for name in (
            "start_ns", "run_ns", "utime", "stime", "minflt", "majflt", "read_bytes",
            "write_bytes", "rchar", "wchar", "voluntary_switches",
            "involuntary_switches", "run_delay_ns", "dead_run_ns", "dead_utime",
            "dead_stime", "cutime", "cstime", "start_stack", "virt_pages", "cgroup_id",
        )),
        *((name, "<i8") for name in (
            "file_pages", "anon_pages", "swap_pages", "shmem_pages",
        )),
        *((name, "<u4") for name in (
            "pid", "tgid", "ppid", "pgrp", "session", "tty", "uid", "flags", "state",
            "exit_state", "threads", "policy", "rt_priority", "cpu", "on_cpu", "spare",
        )),
        *((name, "<i4") for name in ("prio", "static_prio")),
        ("comm", "S16"),
    ]
)  # fmt: skip

_BOOT_TIMES: Final = ("time_ns", "start_ns", "last_ns")


def in_namespace(records: npt.NDArray[np.void], offset_ns: int) -> None:
    """Turn the times of records, which are the machine's, into those of a namespace.

    Args:
        records: Of any kind above; changed in place.
        offset_ns: What the namespace adds to CLOCK_BOOTTIME, maybe below 0.
    """
    for name in _BOOT_TIMES if offset_ns else ():
        if name in (records.dtype.names or ()):
            records[name] += np.uint64(offset_ns % (1 << 64))

"""The names of columns in htop and top, for options and for files of htop.

htop: `name` in linux/LinuxProcess.c, as of 3.5. top: `top -O` of procps-ng 4.
"""

from typing import Final

from montauk_tui.engine.columns import table
from montauk_tui.engine.columns.column import Column

HTOP: Final = {
    "PID": "pid",
    "Command": "command",
    "STATE": "state",
    "PPID": "ppid",
    "PGRP": "pgrp",
    "SESSION": "session",
    "TTY": "tty",
    "MINFLT": "minflt",
    "MAJFLT": "majflt",
    "UTIME": "utime",
    "STIME": "stime",
    "CUTIME": "cutime",
    "CSTIME": "cstime",
    "PRIORITY": "priority",
    "NICE": "nice",
    "STARTTIME": "start",
    "ELAPSED": "elapsed",
    "PROCESSOR": "processor",
    "M_VIRT": "virt_bytes",
    "M_SIZE": "virt_bytes",
    "M_RESIDENT": "rss_bytes",
    "M_SHARE": "shared_bytes",
    "M_PRIV": "uss_bytes",
    "ST_UID": "uid",
    "PERCENT_CPU": "cpu_pct",
    "PERCENT_NORM_CPU": "ncpu_pct",
    "PERCENT_MEM": "mem_pct",
    "USER": "user",
    "TIME": "cpu_time",
    "NLWP": "threads",
    "TGID": "tgid",
    "RCHAR": "rchar_rate",
    "WCHAR": "wchar_rate",
    "RBYTES": "io_read_bytes",
    "WBYTES": "io_write_bytes",
    "IO_READ_RATE": "io_read_rate",
    "IO_WRITE_RATE": "io_write_rate",
    "IO_RATE": "io_rate",
    "CGROUP": "cgroup",
    "CCGROUP": "cgroup",
    "CONTAINER": "container",
    "OOM": "oom",
    "IO_PRIORITY": "io_priority",
    "PERCENT_CPU_DELAY": "runq_pct",
    "M_PSS": "pss_bytes",
    "M_SWAP": "swap_bytes",
    "M_PSSWP": "swap_pss_bytes",
    "CTXT": "vcsw_rate",
    "SECATTR": "security",
    "COMM": "comm",
    "EXE": "exe",
    "CWD": "cwd",
    "AUTOGROUP_ID": "autogroup",
    "AUTOGROUP_NICE": "autogroup_nice",
    "SCHEDULERPOLICY": "policy",
}
"""Columns by htop's names; it has others that montauk lacks."""

NEAR: Final = {
    "RCHAR": "per second, not in total",
    "WCHAR": "per second, not in total",
    "CTXT": "voluntary switches per second",
    "M_PRIV": "unshared memory (USS), not RES without SHR",
    "CCGROUP": "the whole path",
    "PERCENT_CPU_DELAY": "waiting for a CPU, of the first thread",
}
"""What montauk shows instead, where that is not quite the same."""

TOP: Final = {
    "PR": "priority",
    "NI": "nice",
    "nTH": "threads",
    "P": "processor",
    "TIME+": "cpu_time",
    "nMaj": "majflt",
    "nMin": "minflt",
    "vMj": "majflt_rate",
    "vMn": "minflt_rate",
    "CGROUPS": "cgroup",
    "OOMa": "oom_adj",
    "OOMs": "oom",
    "LXC": "container",
    "RSS": "rss_bytes",
    "RSsh": "shared_bytes",
    "USS": "uss_bytes",
    "ioR": "io_read_bytes",
    "ioW": "io_write_bytes",
    "AGID": "autogroup",
    "AGNI": "autogroup_nice",
    "STARTED": "start",
    "%CPU": "cpu_pct",
    "%MEM": "mem_pct",
}
"""Columns by top's names, where they are neither montauk's nor htop's."""

_BY_NAME: Final = {name.lower(): column for name, column in {**TOP, **HTOP}.items()}


def find(name: str) -> Column:
    """Return the column that a name means: montauk's, htop's or top's, in any case.

    Raises:
        UsageError: None is called so; the remedy is one like it, or all there are.
    """
    column = _BY_NAME.get(name.strip().lower())
    return table.find(name) if column is None else table.COLUMNS[column]


def names_of(column: Column, names: dict[str, str]) -> list[str]:
    """Return the names that mean a column in `HTOP` or `TOP`."""
    return [name for name, column_id in names.items() if column_id == column.id]

"""Names and numbers of htop that its settings file uses.

Numbers of columns: RowField.h and linux/ProcessField.h of htop, the same in every
version. Meters: the `name` of each class in Platform_meterTypes. Colours: CRT.h.
"""

from typing import Final

NUMBERS: Final = {
    1: "PID", 2: "Command", 3: "STATE", 4: "PPID", 5: "PGRP", 6: "SESSION", 7: "TTY",
    8: "TPGID", 10: "MINFLT", 11: "CMINFLT", 12: "MAJFLT", 13: "CMAJFLT", 14: "UTIME",
    15: "STIME", 16: "CUTIME", 17: "CSTIME", 18: "PRIORITY", 19: "NICE",
    21: "STARTTIME", 38: "PROCESSOR", 39: "M_VIRT", 40: "M_RESIDENT", 41: "M_SHARE",
    42: "M_TRS", 43: "M_DRS", 44: "M_LRS", 45: "M_DT", 46: "ST_UID", 47: "PERCENT_CPU",
    48: "PERCENT_MEM", 49: "USER", 50: "TIME", 51: "NLWP", 52: "TGID",
    53: "PERCENT_NORM_CPU", 54: "ELAPSED", 55: "SCHEDULERPOLICY", 100: "CTID",
    101: "VPID", 102: "VXID", 103: "RCHAR", 104: "WCHAR", 105: "SYSCR", 106: "SYSCW",
    107: "RBYTES", 108: "WBYTES", 109: "CNCLWB", 110: "IO_READ_RATE",
    111: "IO_WRITE_RATE", 112: "IO_RATE", 113: "CGROUP", 114: "OOM",
    115: "IO_PRIORITY", 116: "PERCENT_CPU_DELAY", 117: "PERCENT_IO_DELAY",
    118: "PERCENT_SWAP_DELAY", 119: "M_PSS", 120: "M_SWAP", 121: "M_PSSWP",
    122: "CTXT", 123: "SECATTR", 124: "COMM", 125: "EXE", 126: "CWD",
    127: "AUTOGROUP_ID", 128: "AUTOGROUP_NICE", 129: "CCGROUP", 130: "CONTAINER",
    131: "M_PRIV", 132: "GPU_TIME", 133: "GPU_PERCENT", 134: "ISCONTAINER",
    135: "M_EPSS",
}  # fmt: skip
"""Columns by the number in htop; a file has the number less 1."""

_CPUS: Final = ("AllCPUs", "LeftCPUs", "RightCPUs")

METERS: Final = {
    **{f"{name}{per}": ("cpu",) for name in _CPUS for per in ("", "2", "4", "8")},
    "CPU": ("cpu:average",),
    "Memory": ("memory",),
    "Swap": ("swap",),
    "MemorySwap": ("memory", "swap"),
    "LoadAverage": ("load",),
    "Load": ("load",),
    "Tasks": ("tasks",),
    "Uptime": ("uptime",),
    "SecondsUptime": ("uptime",),
    "Clock": ("clock",),
    "DateTime": ("clock",),
    "NetworkIO": ("network",),
    "DiskIO": ("disk",),
    "DiskIORate": ("disk",),
    "DiskIOTime": ("disk",),
    "PressureStallCPUSome": ("pressure",),
    "PressureStallIOSome": ("pressure",),
    "PressureStallIOFull": ("pressure",),
    "PressureStallMemorySome": ("pressure",),
    "PressureStallMemoryFull": ("pressure",),
    "Blank": (),
    "Hostname": (),
}
"""Meters by htop's names; the host is always in the first line."""

MODES: Final = {1: "bar", 2: "text", 3: "graph", 4: "LED"}

THEMES: Final = {
    0: "htop-like",
    1: "monochrome",
    2: "montauk-light",
    3: "montauk-light",
}
"""Themes by `color_scheme`."""

SCHEMES: Final = {4: "MC", 5: "Black Night", 6: "Broken Gray", 7: "Nord"}
"""Colour schemes without a theme like it."""

NO_CHOICE: Final = frozenset({
    "config_reader_min_version", "header_margin", "highlight_base_name",
    "highlight_megabytes", "highlight_threads", "detailed_cpu_time",
    "expand_system_time", "show_cpu_usage", "update_process_names",
    "account_guest_in_cpu_meter", "screen_tabs", "hide_threads",
    "tree_sort_direction", "tree_sort_key", "stable_tree_view",
})  # fmt: skip
"""Keys about what montauk always does in one way, or decides by itself."""

NOTHING_LIKE_IT: Final = {
    "shadow_other_users": "no counterpart",
    "show_thread_names": "no counterpart; the column comm has the name of a thread",
    "highlight_deleted_exe": "no counterpart; the details tell of a deleted program",
    "shadow_distribution_path_prefix": "no counterpart; p hides paths",
    "find_comm_in_cmdline": "no counterpart; m shows a name that differs",
    "strip_exe_from_cmdline": "no counterpart; m shows a name that differs",
    "show_merged_command": "not a setting; press m",
    "hide_running_in_container": "not a setting; press O",
    "cpu_count_from_one": "no counterpart; CPUs count from 0",
    "show_cpu_frequency": "the meter frequency",
    "show_cpu_temperature": "the meter temperature",
    "degree_fahrenheit": "no counterpart",
    "hide_function_bar": "no counterpart",
    "topology_affinity": "no counterpart",
    "show_cached_memory": "no counterpart",
    "sticky_follow": "no counterpart; F follows until the process exits",
    "tree_view_always_by_pid": "no counterpart; siblings are ordered by start time",
    "all_branches_collapsed": "not a setting; press *",
}
"""Switches without a setting, and what comes nearest; reported where they are on."""

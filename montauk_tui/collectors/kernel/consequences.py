"""What montauk does without where a kernel lacks a field that the probes would read."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from montauk_tui.collectors.kernel.layout import REQUIRED

NO_COLLECTOR: Final = "no kernel collector"


class Consequence(NamedTuple):
    """What the absence of any of some fields leads to."""

    macros: str
    """As layout.py calls the fields."""
    text: str
    columns: str = ""
    """Columns of living and of ended processes that are then unknown."""


CONSEQUENCES: Final = (
    Consequence(
        "T_prio T_static_prio T_rt_priority T_policy",
        "no priority and nice value",
        "priority nice rt_priority policy",
    ),
    Consequence("T_cpu", "no processor", "processor"),
    Consequence("T_on_cpu", "a zombie's CPU time may lack its last moments"),
    Consequence(
        "T_minflt T_majflt S_minflt S_majflt", "no page faults", "minflt majflt"
    ),
    Consequence(
        "T_read_bytes T_write_bytes T_cancelled S_read_bytes S_write_bytes S_cancelled",
        "no I/O bytes",
        "read_bytes write_bytes",
    ),
    Consequence(
        "T_rchar T_wchar S_rchar S_wchar", "no bytes of read and write", "rchar wchar"
    ),
    Consequence(
        "T_nvcsw T_nivcsw S_nvcsw S_nivcsw",
        "no context switches",
        "voluntary_switches involuntary_switches",
    ),
    Consequence("T_exec_start", "the time of interrupts on idle CPUs is estimated"),
    Consequence("T_run_delay", "no time waited for a CPU", "run_delay_ns"),
    Consequence("T_cgroups G_default G_kn K_id", "no cgroup", "cgroup_id"),
    Consequence("S_threads", "no thread counts", "threads"),
    Consequence(
        "S_utime S_stime",
        "user and system time are told apart without the threads that ended",
    ),
    Consequence("S_cutime S_cstime", "no CPU time of children", "cutime cstime"),
    Consequence(
        "S_maxrss M_hiwater_rss",
        "the largest memory of a process that ended may be too low",
    ),
    Consequence(
        "S_flags S_group_code",
        "where a signal ended all threads, the exit status may be another one",
    ),
    Consequence("S_pids", "no process group and session", "pgrp session"),
    Consequence("S_tty Y_driver Y_index V_major V_minor", "no terminal", "tty"),
    Consequence("M_rss", "no resident memory", "rss_bytes shared_bytes peak_rss_bytes"),
    Consequence("M_total_vm", "no virtual memory", "virt_bytes"),
    Consequence("M_arg_start M_arg_end", "no arguments of processes that ended"),
    Consequence("M_start_stack", "no start of the stack", "start_stack"),
)

_BY_MACRO: Final = {macro: one for one in CONSEQUENCES for macro in one.macros.split()}


def consequence(macro: str) -> str:
    """Return what is lost without the field that layout.py calls `macro`."""
    return NO_COLLECTOR if macro in REQUIRED else _BY_MACRO[macro].text


def unknown_columns(missing: Iterable[str]) -> frozenset[str]:
    """Return the columns that are unknown without the fields `missing`."""
    lost = {_BY_MACRO[macro] for macro in missing if macro not in REQUIRED}
    return frozenset(name for one in lost for name in one.columns.split())

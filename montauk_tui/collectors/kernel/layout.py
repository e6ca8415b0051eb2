"""Which kernel fields the probes use, and the compiler flags that tell them where.

A field a kernel lacks defines nothing: what depends on it is unknown there. Stdlib
only: the loader runs this under the distribution's Python.
"""

from __future__ import annotations

from typing import NamedTuple

from montauk_tui.collectors.kernel.btf import Btf, Field

_USED = """
T_pid           task_struct   pid
T_tgid          task_struct   tgid
T_comm          task_struct   comm
T_flags         task_struct   flags
T_state         task_struct   __state|state
T_exit_state    task_struct   exit_state
T_exit_code     task_struct   exit_code
T_utime         task_struct   utime
T_stime         task_struct   stime
T_run           task_struct   se.sum_exec_runtime
T_exec_start    task_struct   se.exec_start
T_start         task_struct   start_boottime|real_start_time
T_parent        task_struct   real_parent
T_leader        task_struct   group_leader
T_cred          task_struct   cred
T_mm            task_struct   mm
T_signal        task_struct   signal
T_prio          task_struct   prio
T_static_prio   task_struct   static_prio
T_rt_priority   task_struct   rt_priority
T_policy        task_struct   policy
T_cpu           task_struct   thread_info.cpu|cpu
T_on_cpu        task_struct   on_cpu
T_minflt        task_struct   min_flt
T_majflt        task_struct   maj_flt
T_read_bytes    task_struct   ioac.read_bytes
T_write_bytes   task_struct   ioac.write_bytes
T_cancelled     task_struct   ioac.cancelled_write_bytes
T_rchar         task_struct   ioac.rchar
T_wchar         task_struct   ioac.wchar
T_nvcsw         task_struct   nvcsw
T_nivcsw        task_struct   nivcsw
T_run_delay     task_struct   sched_info.run_delay
T_thread_pid    task_struct   thread_pid
T_cgroups       task_struct   cgroups
S_live          signal_struct live
S_threads       signal_struct nr_threads
S_utime         signal_struct utime
S_stime         signal_struct stime
S_cutime        signal_struct cutime
S_cstime        signal_struct cstime
S_run           signal_struct sum_sched_runtime
S_maxrss        signal_struct maxrss
S_minflt        signal_struct min_flt
S_majflt        signal_struct maj_flt
S_read_bytes    signal_struct ioac.read_bytes
S_write_bytes   signal_struct ioac.write_bytes
S_cancelled     signal_struct ioac.cancelled_write_bytes
S_rchar         signal_struct ioac.rchar
S_wchar         signal_struct ioac.wchar
S_nvcsw         signal_struct nvcsw
S_nivcsw        signal_struct nivcsw
S_flags         signal_struct flags
S_group_code    signal_struct group_exit_code
S_pids          signal_struct pids
S_tty           signal_struct tty
Y_driver        tty_struct    driver
Y_index         tty_struct    index
V_major         tty_driver    major
V_minor         tty_driver    minor_start
M_rss           mm_struct     rss_stat
M_total_vm      mm_struct     total_vm
M_hiwater_rss   mm_struct     hiwater_rss
M_arg_start     mm_struct     arg_start
M_arg_end       mm_struct     arg_end
M_start_stack   mm_struct     start_stack
C_euid          cred          euid
P_level         pid           level
P_numbers       pid           numbers
U_nr            upid          nr
U_ns            upid          ns
N_inum          pid_namespace ns.inum
G_default       css_set       dfl_cgrp
G_kn            cgroup        kn
K_id            kernfs_node   id
"""
"""Macro, struct and field; `|` separates the names a field had, the newest first."""

_REQUIRED = """
T_pid T_tgid T_comm T_flags T_state T_exit_state T_exit_code T_utime T_stime T_run
T_start T_parent T_leader T_cred T_mm T_signal T_thread_pid S_live S_run C_euid P_level
P_numbers U_nr U_ns N_inum
"""
REQUIRED = frozenset(_REQUIRED.split())
"""Without these there is no kernel collector."""

_HOLD_CPU = ("bpf_preempt_disable", "bpf_preempt_enable")


class Used(NamedTuple):
    """One field the probes use, and where it lies on this kernel."""

    macro: str
    struct: str
    name: str
    """As this kernel calls it."""
    field: Field | None
    """None where this kernel has no such field."""


class Layout(NamedTuple):
    """All fields the probes use, and what else differs from kernel to kernel."""

    used: list[Used]
    sizes: dict[str, int]
    exit_tells_group_dead: bool
    """Whether sched_process_exit has that argument (from 6.16)."""
    switch_tells_state: bool
    """Whether sched_switch has the state of who leaves the CPU (from 5.18)."""
    hold_cpu: list[int]
    """Type ids of the functions that disable and enable preemption (from 6.10)."""

    @property
    def missing(self) -> list[Used]:
        """The fields that this kernel lacks."""
        return [used for used in self.used if used.field is None]

    def flags(self) -> list[str]:
        """Return the compiler flags that describe this kernel."""
        flags = [
            f"-D{used.macro}={used.field.offset}"
            for used in self.used
            if used.field is not None
        ]
        flags += [f"-DSIZE_{name}={size}" for name, size in self.sizes.items()]
        if self.exit_tells_group_dead:
            flags.append("-DEXIT_TELLS_GROUP_DEAD")
        if self.switch_tells_state:
            flags.append("-DSWITCH_TELLS_STATE")
        return flags


def read_layout(btf: Btf) -> Layout:
    """Return where the fields lie on the kernel that `btf` describes."""
    used: list[Used] = []
    for line in _USED.strip().split("\n"):
        if line:
            macro, struct, names = line.split()
            used.append(_resolve(btf, macro, struct, names.split("|")))
    rss = btf.field("mm_struct", "rss_stat")
    if not (_is_per_cpu(rss) or (rss and rss.type_name == "struct mm_rss_stat")):
        # Of counters that nobody here knows the number would be anything.
        used = [it._replace(field=None) if it.macro == "M_rss" else it for it in used]
    sizes = {
        # An array of atomics before 6.2, of per-CPU counters since.
        "rss_stat": rss.size // 4 if rss is not None else 0,
        "rss_in_counter": _in_counter(btf, rss, "count"),
        "rss_counters": _in_counter(btf, rss, "counters"),
        "rss_cached": _offset(btf.field("task_struct", "rss_stat.count")),
        "map_parts": _offset(btf.field("bpf_array", "pptrs")),
        "upid": btf.size_of("upid"),
    }
    # Each has `void *data` before the arguments of its tracepoint.
    exit_arguments = btf.parameters("btf_trace_sched_process_exit") - 1
    switch_arguments = btf.parameters("btf_trace_sched_switch") - 1
    return Layout(
        used,
        sizes,
        exit_tells_group_dead=exit_arguments >= len(("task", "group_dead")),
        switch_tells_state=switch_arguments
        >= len(("preempt", "prev", "next", "state")),
        hold_cpu=[function for function in map(btf.function, _HOLD_CPU) if function],
    )


def _resolve(btf: Btf, macro: str, struct: str, names: list[str]) -> Used:
    for name in names:
        field = btf.field(struct, name)
        if field is not None:
            return Used(macro, struct, name, field)
    return Used(macro, struct, names[0], None)


def _is_per_cpu(rss: Field | None) -> bool:
    return rss is not None and rss.type_name.startswith("struct percpu_counter[")


def _in_counter(btf: Btf, rss: Field | None, name: str) -> int:
    """Return where in one element of rss_stat a part of a per-CPU counter lies."""
    return _offset(btf.field("percpu_counter", name)) if _is_per_cpu(rss) else 0


def _offset(field: Field | None) -> int:
    """Return where a field lies; 0 where there is none."""
    return 0 if field is None else field.offset

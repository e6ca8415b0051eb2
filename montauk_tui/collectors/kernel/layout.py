"""The kernel fields that the probes use, and the compiler flags with their offsets.

A field that a kernel lacks has no flag: values that depend on it are unknown there.
Stdlib only: the loader runs this under the distribution's Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from montauk_tui.collectors.kernel.btf import Btf, Field

NO_COLLECTOR = "no kernel collector"


class Fields(NamedTuple):
    """Fields that serve one purpose."""

    lost: str
    """What is missing where a kernel lacks any of them."""
    lines: str
    """Macro, struct and field; `|` separates the names a field had, the newest
    first."""
    columns: str = ""
    """Columns of live and of exited processes that are then unknown."""

    @property
    def rows(self) -> list[list[str]]:
        """The words of each line."""
        return [line.split() for line in self.lines.strip().split("\n")]


USED = (
    Fields(NO_COLLECTOR, """
        T_pid task_struct pid
        T_tgid task_struct tgid
        T_comm task_struct comm
        T_flags task_struct flags
        T_state task_struct __state|state
        T_exit_state task_struct exit_state
        T_exit_code task_struct exit_code
        T_utime task_struct utime
        T_stime task_struct stime
        T_run task_struct se.sum_exec_runtime
        T_start task_struct start_boottime|real_start_time
        T_parent task_struct real_parent
        T_leader task_struct group_leader
        T_cred task_struct cred
        T_mm task_struct mm
        T_signal task_struct signal
        T_thread_pid task_struct thread_pid
        S_live signal_struct live
        S_run signal_struct sum_sched_runtime
        C_euid cred euid
        P_level pid level
        P_numbers pid numbers
        U_nr upid nr
        U_ns upid ns
        N_inum pid_namespace ns.inum
    """),
    Fields("no priority and nice value", """
        T_prio task_struct prio
        T_static_prio task_struct static_prio
        T_rt_priority task_struct rt_priority
        T_policy task_struct policy
    """, "priority nice rt_priority policy"),
    Fields("no processor", """
        T_cpu task_struct thread_info.cpu|cpu
    """, "processor"),
    Fields("a zombie's CPU time may lack its last moments", """
        T_on_cpu task_struct on_cpu
    """),
    Fields("no page faults", """
        T_minflt task_struct min_flt
        T_majflt task_struct maj_flt
        S_minflt signal_struct min_flt
        S_majflt signal_struct maj_flt
    """, "minflt majflt"),
    Fields("no I/O bytes", """
        T_read_bytes task_struct ioac.read_bytes
        T_write_bytes task_struct ioac.write_bytes
        T_cancelled task_struct ioac.cancelled_write_bytes
        S_read_bytes signal_struct ioac.read_bytes
        S_write_bytes signal_struct ioac.write_bytes
        S_cancelled signal_struct ioac.cancelled_write_bytes
    """, "read_bytes write_bytes"),
    Fields("no bytes of read and write", """
        T_rchar task_struct ioac.rchar
        T_wchar task_struct ioac.wchar
        S_rchar signal_struct ioac.rchar
        S_wchar signal_struct ioac.wchar
    """, "rchar wchar"),
    Fields("no context switches", """
        T_nvcsw task_struct nvcsw
        T_nivcsw task_struct nivcsw
        S_nvcsw signal_struct nvcsw
        S_nivcsw signal_struct nivcsw
    """, "voluntary_switches involuntary_switches"),
    Fields("the time of interrupts on idle CPUs is estimated", """
        T_exec_start task_struct se.exec_start
    """),
    Fields("no time waited for a CPU", """
        T_run_delay task_struct sched_info.run_delay
    """, "run_delay_ns"),
    Fields("no cgroup", """
        T_cgroups task_struct cgroups
        G_default css_set dfl_cgrp
        G_kn cgroup kn
        K_id kernfs_node id
    """, "cgroup_id"),
    Fields("no thread counts", """
        S_threads signal_struct nr_threads
    """, "threads"),
    Fields("user and system time are split without exited threads", """
        S_utime signal_struct utime
        S_stime signal_struct stime
    """),
    Fields("no CPU time of children", """
        S_cutime signal_struct cutime
        S_cstime signal_struct cstime
    """, "cutime cstime"),
    Fields("the largest memory of an exited process may be too low", """
        S_maxrss signal_struct maxrss
        M_hiwater_rss mm_struct hiwater_rss
    """),
    Fields("where a signal killed all threads, the exit status may be another one", """
        S_flags signal_struct flags
        S_group_code signal_struct group_exit_code
    """),
    Fields("no process group and session", """
        S_pids signal_struct pids
    """, "pgrp session"),
    Fields("no terminal", """
        S_tty signal_struct tty
        Y_driver tty_struct driver
        Y_index tty_struct index
        V_major tty_driver major
        V_minor tty_driver minor_start
    """, "tty"),
    Fields("no resident memory", """
        M_rss mm_struct rss_stat
    """, "rss_bytes shared_bytes peak_rss_bytes"),
    Fields("no virtual memory", """
        M_total_vm mm_struct total_vm
    """, "virt_bytes"),
    Fields("no arguments of exited processes", """
        M_arg_start mm_struct arg_start
        M_arg_end mm_struct arg_end
    """),
    Fields("no causes of exits", """
        T_sighand task_struct sighand
        T_blocked task_struct blocked
        T_real_blocked task_struct real_blocked
        H_action sighand_struct action
        H_handler k_sigaction sa.sa_handler
    """),
    Fields("no cgroup that ran out of memory", """
        G_subsys css_set subsys
        K_name kernfs_node name
        E_cgroup cgroup_subsys_state cgroup
        E_memory mem_cgroup memory
        E_usage page_counter usage
        E_max page_counter max
        E_parent page_counter parent
    """),
    Fields("no OOM score of what the OOM killer chose", """
        S_oom_adj signal_struct oom_score_adj
    """),
    Fields("no program file of execs", """
        B_filename linux_binprm filename
    """),
    Fields("no start of the stack", """
        M_start_stack mm_struct start_stack
    """, "start_stack"),
)  # fmt: skip

_OF_MACRO = {row[0]: fields for fields in USED for row in fields.rows}

REQUIRED = frozenset(row[0] for row in USED[0].rows)
"""Without these there is no kernel collector."""


def consequence(macro: str) -> str:
    """Return what is missing without the field of this macro."""
    return _OF_MACRO[macro].lost


def unknown_columns(missing: Iterable[str]) -> frozenset[str]:
    """Return the columns that are unknown without the fields of these macros."""
    return frozenset(name for it in missing for name in _OF_MACRO[it].columns.split())


_HOLD_CPU = ("bpf_preempt_disable", "bpf_preempt_enable")


class Used(NamedTuple):
    """One field the probes use, and its offset on this kernel."""

    macro: str
    struct: str
    name: str
    """Its name in this kernel."""
    field: Field | None
    """None where this kernel has no such field."""


class Layout(NamedTuple):
    """All fields the probes use, and other differences between kernels."""

    used: list[Used]
    sizes: dict[str, int]
    exit_tells_group_dead: bool
    """Whether sched_process_exit has that argument (from 6.16)."""
    switch_tells_state: bool
    """Whether sched_switch has the state of the previous task (from 5.18)."""
    hold_cpu: list[int]
    """Type ids of the functions that disable and enable preemption (from 6.10)."""
    victim_is_task: bool = False
    """Whether mark_victim has the task rather than its pid (6.9, and backports)."""
    memory_cgroup: int | None = None
    """Number of the memory controller; None without CONFIG_MEMCG."""

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
        if self.victim_is_task:
            flags.append("-DVICTIM_IS_TASK")
        if self.memory_cgroup is not None:
            flags.append(f"-DMEMORY_CGROUP={self.memory_cgroup}")
        return flags


def read_layout(btf: Btf) -> Layout:
    """Return where the fields lie on the kernel that `btf` describes."""
    used = [
        _resolve(btf, macro, struct, names.split("|"))
        for fields in USED
        for macro, struct, names in fields.rows
    ]
    structs = list(dict.fromkeys(it.struct for it in used))
    used.sort(key=lambda it: structs.index(it.struct))
    rss = btf.field("mm_struct", "rss_stat")
    if not (_is_per_cpu(rss) or (rss and rss.type_name == "struct mm_rss_stat")):
        # Counters of an unknown layout would be read as garbage.
        used = [it._replace(field=None) if it.macro == "M_rss" else it for it in used]
    sizes = {
        # An array of atomics before 6.2, of per-CPU counters since.
        "rss_stat": rss.size // 4 if rss is not None else 0,
        "rss_in_counter": _in_counter(btf, rss, "count"),
        "rss_counters": _in_counter(btf, rss, "counters"),
        "rss_cached": _offset(btf.field("task_struct", "rss_stat.count")),
        "map_parts": _offset(btf.field("bpf_array", "pptrs")),
        "upid": btf.size_of("upid"),
        "k_sigaction": btf.size_of("k_sigaction"),
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
        victim_is_task=btf.has_pointer("btf_trace_mark_victim", 1),
        memory_cgroup=btf.enum_value("cgroup_subsys_id", "memory_cgrp_id"),
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
    """Return the offset of a part of a per-CPU counter in an element of rss_stat."""
    return _offset(btf.field("percpu_counter", name)) if _is_per_cpu(rss) else 0


def _offset(field: Field | None) -> int:
    """Return the offset of a field; 0 for none."""
    return 0 if field is None else field.offset

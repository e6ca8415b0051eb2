/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A record of each fork of a process. */
#include "groups.h"

BPF_F_TABLE("array", u32, struct brief, forks, (CPUS) * (BRIEFS), BPF_F_MMAPABLE);

INLINE int put_fork(u64 task)
{
    struct counts *count = my_counts();
    u32 slot, tid = read_u32(task + T_pid);
    u64 pid, parent;
    struct brief *brief;
    if (!count || tid != read_u32(task + T_tgid))
        return 0;
    forget_group(task);
    pid = read_u64(task + T_thread_pid);
    slot = bpf_get_smp_processor_id() * BRIEFS + (count->forks & (BRIEFS - 1));
    brief = forks.lookup(&slot);
    if (!brief || !pid)
        return 0;
    brief->seq = 0;
    brief->time_ns = bpf_ktime_get_boot_ns();
    brief->start_ns = read_u64(task + T_start);
    brief->run_ns = 0;
    parent = parent_of(task);
    brief->pid = tid;
    brief->ppid = read_u32(parent + T_pid);
    put_nested(brief->ns, brief->ns_pid, brief->ns_ppid, pid, parent);
    brief->uid = read_u32(read_u64(task + T_cred) + C_euid);
    put_comm(brief->comm, task);
    PUBLISH(brief, count->forks);
    count->forks++;
    wake_readers(count->forks, BRIEFS);
    return 0;
}

/* sched_wakeup_new, which the scheduler holds: sched_process_fork may be preempted. */
int fork_tracepoint(u64 *ctx)
{
    return put_fork(ctx[0]);
}

/* Kprobes run with preemption disabled. */
int fork_kprobe(void *regs)
{
    return put_fork(ARGUMENT_1(regs));
}

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Measured at task switches: the run time of a process when its last thread has run, and
 * when a CPU has nothing to run. */
#include "groups.h"

BPF_F_TABLE("array", u32, struct final, finals, (CPUS) * (BRIEFS), BPF_F_MMAPABLE);
BPF_F_TABLE("array", u32, struct idle, idles, CPUS, BPF_F_MMAPABLE);

/* --- finals: the run time of a process when its last thread has run --------------------- */

/* Whether a task is counted in `nr_threads`, its time in no sum: it has its pid until then
 * (__exit_signal in kernel/exit.c). Its exit_state says sooner that somebody reaps it. */
INLINE u32 is_there(u64 task)
{
    return read_u64(task + T_thread_pid) != 0;
}

/* What the kernel has summed up for a process whose last thread has this run time. */
INLINE u64 summed_ns(u64 task, u64 signal, u64 own_ns)
{
    u64 leader = read_u64(task + T_leader), sum_ns = read_u64(signal + S_run);
    /* Of one that was always alone the sum is nothing, or its own time but for the last of
     * it, as soon as somebody reaps it: which is before it has no pid any more. */
    if (own_ns >= sum_ns)
        sum_ns = own_ns;
    else if (is_there(task))
        sum_ns += own_ns;
    /* A leader that exited first stays a zombie with its own time. */
    if (leader != task && read_u64(leader + T_signal) == signal
        && (read_u32(leader + T_exit_state) & EXIT_ZOMBIE))
        sum_ns += read_u64(leader + T_run);
    return sum_ns;
}

INLINE int put_final(u64 start_ns, u32 pid, u64 run_ns)
{
    struct counts *count = my_counts();
    struct final *final;
    u32 slot;
    if (!count)
        return 0;
    slot = bpf_get_smp_processor_id() * BRIEFS + (count->finals & (BRIEFS - 1));
    final = finals.lookup(&slot);
    if (!final)
        return 0;
    final->seq = 0;
    final->time_ns = bpf_ktime_get_boot_ns();
    final->start_ns = start_ns;
    final->run_ns = run_ns;
    final->pid = pid;
    final->spare = 0;
    PUBLISH(final, count->finals);
    count->finals++;
    wake_readers(count->finals, BRIEFS);
    return 0;
}

#define SEEN(field) (*(volatile u32 *)&(field))

/* A thread of many leaves its CPU for ever. Whoever sees that all have done so writes the
 * record: two at once may, and write the same. A thread that did not get here yet is in
 * `nr_threads`, or has been counted on its way out. */
INLINE int leave_group(u64 task, u64 signal, struct group *group, u64 run_ns)
{
#ifdef S_threads
    u32 is_zombie = is_there(task);
    if (is_zombie)
        __sync_fetch_and_add(&group->zombies, 1);
    if (is_zombie && read_u64(task + T_leader) == task)
        group->leader_ns = run_ns;
    else
        __sync_fetch_and_add(&group->run_ns, run_ns);
    __sync_fetch_and_add(&group->left, 1);
    asm volatile("" ::: "memory");
    if (read_u32(signal + S_live) || SEEN(group->left) != SEEN(group->entered)
        || read_u32(signal + S_threads) > SEEN(group->zombies) || !group->last_tid)
        return 0;
    return put_final(group->last_ns, group->last_tid, group->run_ns + group->leader_ns);
#else
    return 0;
#endif
}

/* A thread leaves its CPU for good: its run time is final, and it is still complete. */
INLINE int leave_cpu(u64 task)
{
    u64 signal = read_u64(task + T_signal), run_ns = read_u64(task + T_run);
    struct group *group;
    if (!signal)
        return 0;
    group = group_of(task, signal);
    if (group)
        return leave_group(task, signal, group, run_ns);
    if (read_u32(signal + S_live))
        return 0;
    return put_final(read_u64(task + T_start), read_u32(task + T_pid),
                     summed_ns(task, signal, run_ns));
}

/* Where the switches cannot be watched: a thread is freed, some time later. */
INLINE int free_task(u64 task)
{
    return put_final(read_u64(task + T_start), read_u32(task + T_pid),
                     summed_ns(task, read_u64(task + T_signal), read_u64(task + T_run)));
}

/* --- idle: when a CPU has nothing to run --------------------------------------------- */

/* A switch from one task to another. The kernel's idle time leaves out what an idle CPU
 * needs to wake and to handle interrupts, and no task is charged for it. When a task goes
 * and when one comes, `exec_start` is the moment up to and from which it is charged
 * (update_curr, update_stats_curr_start in kernel/sched/fair.c): what lies between is in
 * no process. */
INLINE void watch_idle(u64 prev, u64 next)
{
#ifdef T_exec_start
    u32 cpu = bpf_get_smp_processor_id();
    struct idle *idle = idles.lookup(&cpu);
    if (!idle)
        return;
    if (!idle->task) {
        if (!read_u32(prev + T_pid))
            idle->task = prev;
        else if (!read_u32(next + T_pid))
            idle->task = next;
        else
            return;
    }
    if (next == idle->task) {
        idle->charged_ns = read_u64(prev + T_exec_start);
        idle->since_ns = bpf_ktime_get_ns();
        return;
    }
    if (prev == idle->task) {
        u64 to_ns = read_u64(next + T_exec_start), from_ns = idle->charged_ns;
        /* Where the kernel runs no program for a certain process, its switch to the idle
         * task was not seen: until when it was charged it has itself. */
        if (!idle->since_ns)
            from_ns = read_u64(idle->ran + T_exec_start);
        if (from_ns >= idle->charged_ns && to_ns > from_ns)
            idle->idle_ns += to_ns - from_ns;
        idle->since_ns = 0;
    }
    idle->ran = next;
#endif
}

/* --- hooks ------------------------------------------------------------------------- */

/* In a softirq, which nothing of the kind interrupts. */
int free_tracepoint(u64 *ctx)
{
    return free_task(ctx[0]);
}

/* Runs at each switch of each CPU, which the scheduler holds: the rest is for the dead. */
int switch_tracepoint(u64 *ctx)
{
    watch_idle(ctx[1], ctx[2]);
#ifdef SWITCH_TELLS_STATE
    if (!((u32)ctx[3] & TASK_DEAD))
        return 0;
#else
    if (!(read_u32(ctx[1] + T_state) & TASK_DEAD))
        return 0;
#endif
#ifdef PREEMPTED
    put_late_end(ctx[1]);
#endif
    return leave_cpu(ctx[1]);
}

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A record of each exec and of each exit of a process. */
#include "groups.h"
#include "areas.h"
#include "resident.h"

BPF_F_TABLE("array", u32, struct life, lives, (CPUS) * (LIVES), BPF_F_MMAPABLE);

/* Processes whose exit is recorded, where the hook runs for every thread of a group. */
struct end {
    u64 signal;
    u64 start_ns;
};
BPF_TABLE("lru_hash", struct end, u32, ends, 4096);

INLINE void put_argv(struct life *life, struct counts *count, u64 mm)
{
    u64 from = read_u64(mm + M_arg_start), length = read_u64(mm + M_arg_end) - from;
    char last = 0;
    life->argv_bytes = length;
    /* A title that replaced the arguments goes on in the room of the environment where
     * their last byte is no zero (get_mm_cmdline in fs/proc/base.c). */
    if (length && !bpf_probe_read_user(&last, 1, (void *)(from + length - 1)) && last) {
        long got = bpf_probe_read_user_str(life->argv, ARGV_BYTES, (void *)from);
        if (got > 0) {
            life->argv_bytes = got < ARGV_BYTES ? got : ARGV_BYTES + 1;
            return;
        }
    }
    if (length > ARGV_BYTES - 1)
        length = ARGV_BYTES - 1;
    if (bpf_probe_read_user(life->argv, length & 511, (void *)from) < 0) {
        life->argv_bytes = 0;
        count->failures++;
    }
}

/* The peak of the memory map is that of the program: an exec begins a new map. That of
 * the process (maxrss) has in it what ran there before, and is all there is at the end
 * where the map is gone by then; `lives` sets the two apart. */
INLINE void put_memory(struct life *life, u64 signal, u64 mm)
{
    u64 rss = 0, peak = 0;
    struct resident pages = {};
    if (mm && life->kind == EXIT) {
        read_resident(&pages, mm);
        rss =
            above_0(pages.of[FILE]) + above_0(pages.of[ANON]) + above_0(pages.of[SHMEM]);
#ifdef M_hiwater_rss
        peak = read_u64(mm + M_hiwater_rss);
#endif
        if (rss > peak)
            peak = rss;
    }
#ifdef S_maxrss
    else
        peak = read_u64(signal + S_maxrss);
#endif
    life->rss_pages = rss;
    life->peak_pages = peak;
}

INLINE void put_times(struct life *life, u64 task, u64 leader, u64 signal)
{
    life->own_ns = read_u64(task + T_run);
    life->others_ns = read_u64(signal + S_run);
    life->utime = read_u64(task + T_utime);
    life->stime = read_u64(task + T_stime);
#ifdef S_utime
    life->utime += read_u64(signal + S_utime);
    life->stime += read_u64(signal + S_stime);
#endif
    if (leader != task) {
        /* A leader that exited first stays a zombie with its own time. */
        life->others_ns += read_u64(leader + T_run);
        life->utime += read_u64(leader + T_utime);
        life->stime += read_u64(leader + T_stime);
    }
}

#ifdef S_read_bytes
INLINE u64 written_by(u64 task)
{
    return read_u64(task + T_write_bytes) - read_u64(task + T_cancelled);
}
#endif

INLINE void put_io(struct life *life, u64 task, u64 leader, u64 signal)
{
    life->read_bytes = life->write_bytes = 0;
#ifdef S_read_bytes
    life->read_bytes = read_u64(task + T_read_bytes) + read_u64(signal + S_read_bytes);
    life->write_bytes = written_by(task) + read_u64(signal + S_write_bytes)
                        - read_u64(signal + S_cancelled);
    if (leader != task) {
        life->read_bytes += read_u64(leader + T_read_bytes);
        life->write_bytes += written_by(leader);
    }
    /* Truncating a file cancels bytes that another process wrote. */
    life->write_bytes = above_0(life->write_bytes);
#endif
}

INLINE u64 cgroup_of(u64 task)
{
#if defined(T_cgroups) && defined(G_default) && defined(G_kn) && defined(K_id)
    u64 kn = read_u64(read_u64(read_u64(task + T_cgroups) + G_default) + G_kn);
    return kn ? read_u64(kn + K_id) : 0;
#else
    return 0;
#endif
}

/* The wait status of the process: that of the group where something ended all of it
 * (SIGNAL_GROUP_EXIT), else the leader's (wait_task_zombie in kernel/exit.c). */
INLINE s32 status_of(u64 task, u64 leader, u64 signal, s32 own)
{
#if defined(S_flags) && defined(S_group_code)
    if (read_u32(signal + S_flags) & 4)
        return read_s32(signal + S_group_code);
#endif
    return leader == task ? own : read_s32(leader + T_exit_code);
}

/* The file whose name execve(2) got; of a script that is the script. */
INLINE void put_exe(struct life *life, u64 bprm)
{
    life->exe[0] = 0;
#ifdef B_filename
    if (bprm)
        bpf_probe_read_kernel_str(life->exe, EXE_BYTES,
                                  (void *)read_u64(bprm + B_filename));
#endif
}

/* Record that the process of `task`, which runs now, did an exec or exited. */
INLINE int put_life(u64 task, u32 kind, s32 code, u64 bprm)
{
    u64 leader = read_u64(task + T_leader), signal = read_u64(task + T_signal), mm = 0;
    u64 pid = read_u64(leader + T_thread_pid), parent, index;
    u32 cpu = bpf_get_smp_processor_id(), slot;
    struct counts *count = my_counts();
    struct life *life;
    if (!count || !signal || !pid)
        return 0;
    index = count->lives;
    slot = cpu * LIVES + (index & (LIVES - 1));
    life = lives.lookup(&slot);
    if (!life)
        return 0;
    life->seq = 0;
    life->time_ns = bpf_ktime_get_boot_ns();
    life->start_ns = read_u64(leader + T_start);
    life->last_ns = read_u64(task + T_start);
    life->kind = kind;
    parent = parent_of(leader);
    life->pid = read_u32(leader + T_pid);
    life->ppid = read_u32(parent + T_pid);
    put_nested(life->ns, life->ns_pid, life->ns_ppid, pid, parent);
    life->uid = read_u32(read_u64(task + T_cred) + C_euid);
    life->last_tid = read_u32(task + T_pid);
    life->code = kind == EXIT ? status_of(task, leader, signal, code) : 0;
    life->threads = 0;
#ifdef S_threads
    life->threads = read_u32(signal + S_threads);
#endif
    put_comm(life->comm, leader);
    put_times(life, task, leader, signal);
    put_io(life, task, leader, signal);
    life->cgroup_id = cgroup_of(leader);
    put_exe(life, bprm);
    life->argv_bytes = 0;
#ifdef T_mm
    mm = read_u64(task + T_mm);
#if defined(M_arg_start) && defined(M_arg_end)
    if (mm)
        put_argv(life, count, mm);
#endif
#endif
    put_memory(life, signal, mm);
    if (kind == EXIT) {
        struct group *group = group_to_end(task, signal);
        if (group) {
            group->last_ns = life->last_ns;
            group->last_tid = life->last_tid;
        }
        count->exits++;
    } else {
        replace_leader(task, signal);
        count->execs++;
    }
    life->exits = count->exits;
    PUBLISH(life, index);
    count->lives = index + 1;
    wake_readers(index + 1, LIVES);
    return 0;
}

/* Whether nobody recorded the end of this process yet. Needed where the hook cannot tell
 * the last thread from another that is slow on its way out, and where the kernel may not
 * run it. */
INLINE int is_first_end(u64 task)
{
    struct end end = {};
    u32 one = 1;
    end.signal = read_u64(task + T_signal);
    end.start_ns = read_u64(read_u64(task + T_leader) + T_start);
    return ends.insert(&end, &one) == 0;
}

int exec_tracepoint(u64 *ctx)
{
    HOLD_CPU();
    put_life(ctx[0], EXEC, 0, ctx[2]);
    RELEASE_CPU();
    return 0;
}

INLINE int end_thread(u64 *ctx)
{
    u64 task = ctx[0];
    enter_exit(task);
#ifdef EXIT_TELLS_GROUP_DEAD
    if (!(u8)ctx[1])
        return 0;
#ifdef PREEMPTED
    if (!is_first_end(task))
        return 0;
#endif
#else
    u64 signal = read_u64(task + T_signal);
    if (!signal || read_u32(signal + S_live) != 0 || !is_first_end(task))
        return 0;
#endif
    return put_life(task, EXIT, read_s32(task + T_exit_code), 0);
}

int exit_tracepoint(u64 *ctx)
{
    HOLD_CPU();
    end_thread(ctx);
    RELEASE_CPU();
    return 0;
}

/* taskstats_exit(task, group_dead): the memory map is still there, the code is set. */
int exit_kprobe(void *regs)
{
    u64 task = ARGUMENT_1(regs);
    enter_exit(task);
    if (!(u32)ARGUMENT_2(regs))
        return 0;
#ifdef PREEMPTED
    is_first_end(task);
#endif
    return put_life(task, EXIT, read_s32(task + T_exit_code), 0);
}

#ifdef PREEMPTED
/* The last switch of a process that was always alone, where the hook did not run: its
 * memory map is gone, the rest is as it was. One that was reaped has no pid any more. */
INLINE void put_late_end(u64 task)
{
    u64 signal = read_u64(task + T_signal);
    struct counts *count = my_counts();
    u64 before;
    if (!signal || !count || read_u32(signal + S_live) || group_of(task, signal)
        || !is_first_end(task))
        return;
    before = count->lives;
    put_life(task, EXIT, read_s32(task + T_exit_code), 0);
    if (count->lives != before)
        count->late++;
}
#endif

/* do_exit(code): entered by each thread before it is counted out, so that two that end
 * together may both look like the last but one; sched_process_exit decides for those. */
int do_exit_kprobe(void *regs)
{
    u64 task = bpf_get_current_task(), signal = read_u64(task + T_signal);
    if (!signal || read_u32(signal + S_live) != 1 || !is_first_end(task))
        return 0;
    return put_life(task, EXIT, (s32)ARGUMENT_1(regs), 0);
}

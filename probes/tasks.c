/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* An iterator that writes every thread of the pid namespace of whoever reads it. */
#include "groups.h"
#include "areas.h"
#include "resident.h"

/* The pid namespace of the process that reads. */
struct reader {
    u64 ns;
    u32 level; /* 0: the initial one, where nearly every reader is */
};

INLINE u32 level_of(struct reader *reader)
{
    return *(volatile u32 *)&reader->level;
}

#ifdef TYPED_CURRENT
static u64 (*current_task_btf)(void) = (void *)158;
#endif

/* The level comes from a helper: the verifier knows nothing of it, so a comparison does not
 * make it verify all that follows twice. */
INLINE void find_reader(struct reader *reader)
{
#ifdef TYPED_CURRENT
    u64 pid = LOAD(u64, current_task_btf() + T_thread_pid);
#else
    u64 pid = read_u64(bpf_get_current_task() + T_thread_pid);
#endif
    bpf_probe_read_kernel(&reader->level, sizeof(reader->level), (void *)(pid + P_level));
    reader->ns = 0;
    if (level_of(reader))
        reader->ns = read_u64(pid + P_numbers + level_of(reader) * SIZE_upid + U_ns);
}

/* The pid that a struct pid has for the reader, 0 where it has none. */
INLINE u32 nr_for(struct reader *reader, u64 pid)
{
    u32 level = level_of(reader);
    u64 entry;
    if (!pid)
        return 0;
    if (!level)
        return LOAD(u32, pid + P_numbers + U_nr);
    /* As deep as the records of the logs. */
    if (level > NESTED || read_u32(pid + P_level) < level)
        return 0;
    entry = pid + P_numbers + level * SIZE_upid;
    return read_u64(entry + U_ns) == reader->ns ? read_u32(entry + U_nr) : 0;
}

INLINE u64 cgroup_loaded(u64 task)
{
#if defined(T_cgroups) && defined(G_default) && defined(G_kn) && defined(K_id)
    u64 at = LOAD(u64, task + T_cgroups);
    if (at)
        at = LOAD(u64, at + G_default);
    if (at)
        at = LOAD(u64, at + G_kn);
    return at ? LOAD(u64, at + K_id) : 0;
#else
    return 0;
#endif
}

INLINE void put_map(struct task *out, u64 mm)
{
    struct resident pages = {};
    load_resident(&pages, mm);
    out->file_pages += pages.of[FILE];
    out->anon_pages += pages.of[ANON];
    out->swap_pages += pages.of[SWAP];
    out->shmem_pages += pages.of[SHMEM];
#ifdef M_total_vm
    out->virt_pages = LOAD(u64, mm + M_total_vm);
#endif
#ifdef M_start_stack
    out->start_stack = LOAD(u64, mm + M_start_stack);
#endif
}

INLINE void put_process(struct task *out, struct reader *reader, u64 task, u64 signal)
{
    u64 tty;
    out->dead_run_ns = LOAD(u64, signal + S_run);
#ifdef S_utime
    out->dead_utime = LOAD(u64, signal + S_utime);
    out->dead_stime = LOAD(u64, signal + S_stime);
    out->cutime = LOAD(u64, signal + S_cutime);
    out->cstime = LOAD(u64, signal + S_cstime);
#endif
#ifdef S_threads
    out->threads = LOAD(u32, signal + S_threads);
#endif
#ifdef S_minflt
    out->minflt += LOAD(u64, signal + S_minflt);
    out->majflt += LOAD(u64, signal + S_majflt);
#endif
#ifdef S_read_bytes
    out->read_bytes += LOAD(u64, signal + S_read_bytes);
    out->write_bytes +=
        LOAD(u64, signal + S_write_bytes) - LOAD(u64, signal + S_cancelled);
#endif
#ifdef S_rchar
    out->rchar += LOAD(u64, signal + S_rchar);
    out->wchar += LOAD(u64, signal + S_wchar);
#endif
#ifdef S_nvcsw
    out->voluntary_switches += LOAD(u64, signal + S_nvcsw);
    out->involuntary_switches += LOAD(u64, signal + S_nivcsw);
#endif
#ifdef S_pids
    out->pgrp = nr_for(reader, LOAD(u64, signal + S_pids + 2 * 8));
    out->session = nr_for(reader, LOAD(u64, signal + S_pids + 3 * 8));
#endif
#if defined(S_tty) && defined(Y_driver) && defined(V_major)
    tty = LOAD(u64, signal + S_tty);
    if (tty) {
        u64 driver = read_u64(tty + Y_driver);
        u32 major = read_u32(driver + V_major);
        u32 minor = read_u32(driver + V_minor) + read_u32(tty + Y_index);
        out->tty = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
    }
#endif
    out->cgroup_id = cgroup_loaded(task);
}

/* The final time of exited threads: the kernel's own sum has each as of its last tick. A
 * zombie that a tracer keeps is one of them already. */
INLINE void put_ended(struct task *out, u64 task, u64 leader, u64 signal)
{
    struct group *group;
    if (leader == task ? out->flags & PF_KTHREAD : !out->exit_state)
        return;
    /* Most processes have one thread and never had another. */
    if (leader == task && out->threads == 1 && !out->dead_run_ns)
        return;
    group = group_of(task, signal);
    if (!group)
        return;
    if (leader != task)
        out->run_ns = 0;
    else if (group->run_ns > out->dead_run_ns)
        out->dead_run_ns = group->run_ns;
}

int bpf_iter__task(u64 *ctx)
{
    u64 task = ctx[1];
    u64 *meta = (u64 *)ctx[0];
    struct task out = {};
    struct reader reader;
    u64 signal, leader, cred, parent, mm;
    if (!task) {
        find_areas();
        return 0;
    }
    find_reader(&reader);
    leader = LOAD(u64, task + T_leader);
    signal = LOAD(u64, task + T_signal);
    out.pid = nr_for(&reader, LOAD(u64, task + T_thread_pid));
    if (!out.pid || !signal)
        return 0;
    out.tgid =
        leader == task ? out.pid : nr_for(&reader, LOAD(u64, leader + T_thread_pid));
    out.start_ns = LOAD(u64, task + T_start);
    out.run_ns = LOAD(u64, task + T_run);
    out.utime = LOAD(u64, task + T_utime);
    out.stime = LOAD(u64, task + T_stime);
    out.flags = LOAD(u32, task + T_flags);
    out.state = LOAD(u32, task + T_state);
    out.exit_state = LOAD(u32, task + T_exit_state);
    cred = LOAD(u64, task + T_cred);
    if (cred)
        out.uid = LOAD(u32, cred + C_euid);
#ifdef T_minflt
    out.minflt = LOAD(u64, task + T_minflt);
    out.majflt = LOAD(u64, task + T_majflt);
#endif
#ifdef T_read_bytes
    out.read_bytes = LOAD(u64, task + T_read_bytes);
    out.write_bytes = LOAD(u64, task + T_write_bytes) - LOAD(u64, task + T_cancelled);
#endif
#ifdef T_rchar
    out.rchar = LOAD(u64, task + T_rchar);
    out.wchar = LOAD(u64, task + T_wchar);
#endif
#ifdef T_nvcsw
    out.voluntary_switches = LOAD(u64, task + T_nvcsw);
    out.involuntary_switches = LOAD(u64, task + T_nivcsw);
#endif
#ifdef T_run_delay
    out.run_delay_ns = LOAD(u64, task + T_run_delay);
#endif
#ifdef T_policy
    out.policy = LOAD(u32, task + T_policy);
    out.rt_priority = LOAD(u32, task + T_rt_priority);
    out.prio = LOAD(s32, task + T_prio);
    out.static_prio = LOAD(s32, task + T_static_prio);
#endif
#ifdef T_cpu
    out.cpu = LOAD(u32, task + T_cpu);
#endif
#ifdef T_on_cpu
    out.on_cpu = LOAD(u32, task + T_on_cpu);
#endif
#if SIZE_rss_cached > 0
    put_cached(&out, task);
#endif
    put_comm(out.comm, task);
    mm = LOAD(u64, task + T_mm);
    /* The others have the map if the leader exited and released it. */
    if (mm && (leader == task || !LOAD(u64, leader + T_mm)))
        put_map(&out, mm);
    if (leader == task) {
        parent = LOAD(u64, task + T_parent);
        if (parent)
            parent = LOAD(u64, parent + T_leader);
        if (parent)
            out.ppid = nr_for(&reader, LOAD(u64, parent + T_thread_pid));
        put_process(&out, &reader, task, signal);
    }
    put_ended(&out, task, leader, signal);
    bpf_seq_write((void *)meta[0], &out, sizeof(out));
    return 0;
}

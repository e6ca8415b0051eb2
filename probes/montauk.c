/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The programs of the kernel collector.
 *
 * A log of the lives and deaths of processes: each CPU writes into its own part of an
 * array that readers map, so there are no atomics, any number of readers, and a loss is a
 * gap in `seq`. Nothing else runs on a CPU while it writes (HOLD_CPU). And an iterator that writes every thread of the reader's pid namespace.
 *
 * -D flags: CPUS, LIVES and BRIEFS (slots of a CPU, powers of two), READER_PIDNS (inode of
 * the reader's pid namespace), and the layout of kernel structs (layout.py).
 */
#include "kernel.h"
#include "records.h"

BPF_F_TABLE("array", u32, struct life, lives, CPUS * LIVES, BPF_F_MMAPABLE);
BPF_F_TABLE("array", u32, struct brief, forks, CPUS * BRIEFS, BPF_F_MMAPABLE);
BPF_F_TABLE("array", u32, struct final, finals, CPUS * BRIEFS, BPF_F_MMAPABLE);
BPF_F_TABLE("array", u32, struct counts, counts, CPUS, BPF_F_MMAPABLE);
BPF_F_TABLE("array", u32, struct idle, idles, CPUS, BPF_F_MMAPABLE);

/* Processes whose end is recorded, where the hook runs for every thread of a group. */
struct end {
    u64 signal;
    u64 start_ns;
};
BPF_TABLE("lru_hash", struct end, u32, ends, 4096);

/* What is known of the threads that ended, of each process that had more than one. The
 * key stays readable for as long as a thread of it runs, which `group_leader` does not. */
struct group_key {
    u64 signal;
    u64 tgid;
};
struct group {
    u64 run_ns;    /* of the threads that left their CPU for ever, a zombie leader apart */
    u64 leader_ns; /* of that leader */
    u64 last_ns;   /* the thread of which the end is recorded: see struct life */
    u32 last_tid;
    u32 entered;   /* threads on their way out */
    u32 left;      /* of these, those that left their CPU for ever */
    u32 zombies;   /* of these, those that were still to be reaped by somebody */
};
BPF_TABLE("lru_hash", struct group_key, struct group, groups, 8192);

/* The CPU is the program's until RELEASE_CPU. From Linux 7.0 on, preemption is enabled in
 * programs at raw tracepoints (__DECLARE_TRACE in include/linux/tracepoint.h): a task that
 * forks, execs or ends could take the CPU amid a record, and write into the same one. Nor
 * does the kernel run a program again that it has interrupted on that CPU. These are
 * bpf_preempt_disable and bpf_preempt_enable, in kernels that have them (6.10). */
#ifdef HOLD_CPU_CALL
static void (*HOLD_CPU)(void) = (void *)HOLD_CPU_CALL;
static void (*RELEASE_CPU)(void) = (void *)RELEASE_CPU_CALL;
#else
#define HOLD_CPU()
#define RELEASE_CPU()
#endif

/* A reader on another CPU must not see the new `seq` before the rest of a record. */
#define PUBLISH(record, index)                                                           \
    do {                                                                                 \
        asm volatile("" ::: "memory");                                                   \
        (record)->seq = (index) + 1;                                                     \
        asm volatile("" ::: "memory");                                                   \
    } while (0)

INLINE struct counts *my_counts(void)
{
    u32 cpu = bpf_get_smp_processor_id();
    return counts.lookup(&cpu);
}

/* --- the memory of each CPU -------------------------------------------------------- */

/* More CPUs than this are not summed up: it takes 40 ns for each. */
#define MOST_CPUS 256

#if defined(M_rss) && SIZE_rss_counters > 0 && SIZE_map_parts > 0 && CPUS <= MOST_CPUS \
    && !defined(PLAIN_READS)
#define HAS_PARTS
/* Where the memory of each CPU begins: what is added to a per-CPU pointer. */
struct areas {
    u64 are_known;
    u64 of[CPUS];
};
BPF_TABLE("array", u32, struct areas, areas, 1);

/* A map whose values are per CPU, to learn that from. */
BPF_TABLE("percpu_array", u32, u64, part, 1);

static void *(*lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;

/* A pointer as a number: for the verifier what comes from memory is one. */
INLINE u64 as_number(volatile u64 *room, void *pointer)
{
    *room = (u64)pointer;
    return *room;
}

/* Compare where the value of each CPU lies with the per-CPU pointer to it. __per_cpu_offset
 * itself has a name in few kernels (CONFIG_KALLSYMS_ALL). */
INLINE void find_areas(void)
{
    u32 first = 0, cpu;
    u64 pointer = 0, *room = part.lookup(&first);
    struct areas *found = areas.lookup(&first);
    void *map, *here;
    if (!room || !found || found->are_known)
        return;
/* BCC writes `lookup` out as this call, with the map as its first argument. */
#define bpf_map_lookup_elem(map, key) ((void *)(map))
    map = part.lookup(&first);
#undef bpf_map_lookup_elem
    bpf_probe_read_kernel(&pointer, 8, (void *)(as_number(room, map) + SIZE_map_parts));
    if (!pointer)
        return;
    for (cpu = 0; cpu < CPUS; cpu++) {
        here = lookup_percpu_elem(map, &first, cpu);
        if (here)
            found->of[cpu] = as_number(room, here) - pointer;
    }
    found->are_known = 1;
}

INLINE struct areas *known_areas(void)
{
    u32 first = 0;
    struct areas *found = areas.lookup(&first);
    return found && found->are_known ? found : 0;
}
#else
INLINE void find_areas(void) {}
#endif

#include "resident.h"

/* --- lives: exec and exit --------------------------------------------------------- */

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
        rss = above_0(pages.of[FILE]) + above_0(pages.of[ANON]) + above_0(pages.of[SHMEM]);
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
        /* A leader that ended first stays a zombie with its own time. */
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
    /* Who truncates a file cancels what another process wrote. */
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

/* --- groups: the run time of threads that ended --------------------------------------- */

INLINE struct group *group_of(u64 task, u64 signal)
{
    struct group_key key = {};
    key.signal = signal;
    key.tgid = read_u32(task + T_tgid);
    return groups.lookup(&key);
}

/* A new process may have the pid and the memory of one that ended. */
INLINE void forget_group(u64 task)
{
    struct group_key key = {};
    key.signal = read_u64(task + T_signal);
    key.tgid = read_u32(task + T_tgid);
    groups.delete(&key);
}

/* The group of a thread that is about to end; none where it was always the only one. The
 * sum in signal_struct has the threads that ended before, each as of its last tick. */
INLINE struct group *group_to_end(u64 task, u64 signal)
{
#ifdef S_threads
    struct group *group = group_of(task, signal);
    struct group_key key = {};
    struct group fresh = {};
    if (group)
        return group;
    fresh.run_ns = read_u64(signal + S_run);
    if (!fresh.run_ns && read_u32(signal + S_threads) <= 1)
        return 0;
    key.signal = signal;
    key.tgid = read_u32(task + T_tgid);
    groups.insert(&key, &fresh);
    return groups.lookup(&key);
#else
    return 0;
#endif
}

/* Count a thread on its way out, before the kernel releases it. */
INLINE void enter_exit(u64 task)
{
    u64 signal = read_u64(task + T_signal);
    struct group *group = signal ? group_to_end(task, signal) : 0;
    if (group)
        __sync_fetch_and_add(&group->entered, 1);
}

/* An exec by another thread than the leader: it takes the leader's place, whose time is
 * one of the threads that ended now (de_thread in fs/exec.c). */
INLINE void replace_leader(u64 task, u64 signal)
{
    struct group *group = group_of(task, signal);
    if (!group)
        return;
    __sync_fetch_and_add(&group->run_ns, group->leader_ns);
    group->leader_ns = 0;
    group->zombies = 0;
}

/* Record that the process of `task`, which runs now, did an exec or ended. */
INLINE int put_life(u64 task, u32 kind, s32 code)
{
    u64 leader = read_u64(task + T_leader), signal = read_u64(task + T_signal), mm = 0;
    u32 cpu = bpf_get_smp_processor_id(), slot, pid = nr_of(read_u64(leader + T_thread_pid));
    struct counts *count = my_counts();
    struct life *life;
    u64 index;
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
    life->pid = pid;
    life->ppid = parent_of(leader);
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
    return 0;
}

/* Whether nobody recorded the end of this process yet. Needed where the hook cannot tell
 * the last thread from another that is slow on its way out. */
INLINE int is_first_end(u64 task)
{
    struct end end = {};
    u32 one = 1;
    end.signal = read_u64(task + T_signal);
    end.start_ns = read_u64(read_u64(task + T_leader) + T_start);
    return ends.insert(&end, &one) == 0;
}

/* include/linux/sched.h */
#define EXIT_ZOMBIE 0x20
#define TASK_DEAD 0x80
#define PF_KTHREAD 0x200000

/* --- briefs: forks -------------------------------------------------------------------- */

INLINE int put_fork(u64 task)
{
    struct counts *count = my_counts();
    u32 slot, pid, tid = read_u32(task + T_pid);
    struct brief *brief;
    if (!count || tid != read_u32(task + T_tgid))
        return 0;
    forget_group(task);
    pid = nr_of(read_u64(task + T_thread_pid));
    slot = bpf_get_smp_processor_id() * BRIEFS + (count->forks & (BRIEFS - 1));
    brief = forks.lookup(&slot);
    if (!brief || !pid)
        return 0;
    brief->seq = 0;
    brief->time_ns = bpf_ktime_get_boot_ns();
    brief->start_ns = read_u64(task + T_start);
    brief->run_ns = 0;
    brief->pid = pid;
    brief->ppid = parent_of(task);
    brief->uid = read_u32(read_u64(task + T_cred) + C_euid);
    put_comm(brief->comm, task);
    PUBLISH(brief, count->forks);
    count->forks++;
    return 0;
}

/* --- finals: the run time of a process when its last thread has run --------------------- */

/* Whether a task is counted in `nr_threads`, its time in no sum: it has its pid until then
 * (__exit_signal in kernel/exit.c). Its exit_state says sooner that somebody reaps it. */
INLINE u32 is_there(u64 task) { return read_u64(task + T_thread_pid) != 0; }

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
    /* A leader that ended first stays a zombie with its own time. */
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

/* A thread leaves its CPU for ever: its run time is final, and it is still whole. */
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
    } else if (prev == idle->task && idle->since_ns) {
        idle->idle_ns += read_u64(next + T_exec_start) - idle->charged_ns;
        idle->since_ns = 0;
    }
#endif
}

/* --- hooks ------------------------------------------------------------------------- */

#if defined(__x86_64__) || defined(__TARGET_ARCH_x86)
#define ARGUMENT_1(regs) read_u64((u64)(regs) + 14 * 8) /* di */
#define ARGUMENT_2(regs) read_u64((u64)(regs) + 13 * 8) /* si */
#else
#define ARGUMENT_1(regs) read_u64((u64)(regs))
#define ARGUMENT_2(regs) read_u64((u64)(regs) + 8)
#endif

int fork_tracepoint(u64 *ctx)
{
    HOLD_CPU();
    put_fork(ctx[1]);
    RELEASE_CPU();
    return 0;
}

int exec_tracepoint(u64 *ctx)
{
    HOLD_CPU();
    put_life(ctx[0], EXEC, 0);
    RELEASE_CPU();
    return 0;
}

/* In a softirq, which nothing of the kind interrupts. */
int free_tracepoint(u64 *ctx) { return free_task(ctx[0]); }

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
    return leave_cpu(ctx[1]);
}

INLINE int end_thread(u64 *ctx)
{
    u64 task = ctx[0];
    enter_exit(task);
#ifdef EXIT_TELLS_GROUP_DEAD
    if (!(u8)ctx[1])
        return 0;
#else
    u64 signal = read_u64(task + T_signal);
    if (!signal || read_u32(signal + S_live) != 0 || !is_first_end(task))
        return 0;
#endif
    return put_life(task, EXIT, read_s32(task + T_exit_code));
}

int exit_tracepoint(u64 *ctx)
{
    HOLD_CPU();
    end_thread(ctx);
    RELEASE_CPU();
    return 0;
}

/* Kprobes run with preemption disabled. */
int fork_kprobe(void *regs) { return put_fork(ARGUMENT_1(regs)); }

/* taskstats_exit(task, group_dead): the memory map is still there, the code is set. */
int exit_kprobe(void *regs)
{
    u64 task = ARGUMENT_1(regs);
    enter_exit(task);
    if (!(u32)ARGUMENT_2(regs))
        return 0;
    return put_life(task, EXIT, read_s32(task + T_exit_code));
}

/* do_exit(code): entered by each thread before it is counted out, so that two that end
 * together may both look like the last but one; sched_process_exit decides for those. */
int do_exit_kprobe(void *regs)
{
    u64 task = bpf_get_current_task(), signal = read_u64(task + T_signal);
    if (!signal || read_u32(signal + S_live) != 1 || !is_first_end(task))
        return 0;
    return put_life(task, EXIT, (s32)ARGUMENT_1(regs));
}

/* --- iterator ---------------------------------------------------------------------- */

/* As nr_of; the outermost namespace, where nearly every reader is, without a helper. */
INLINE u32 nr_loaded(u64 pid)
{
    u64 ns;
    if (!pid)
        return 0;
    ns = LOAD(u64, pid + P_numbers + U_ns);
    if (ns && LOAD(u32, ns + N_inum) == READER_PIDNS)
        return LOAD(u32, pid + P_numbers + U_nr);
    return nr_of(pid);
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

INLINE void put_process(struct task *out, u64 task, u64 signal)
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
    out->write_bytes += LOAD(u64, signal + S_write_bytes) - LOAD(u64, signal + S_cancelled);
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
    out->pgrp = nr_loaded(LOAD(u64, signal + S_pids + 2 * 8));
    out->session = nr_loaded(LOAD(u64, signal + S_pids + 3 * 8));
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

/* The time of threads that ended, to their last moment: the kernel's own sum has each as
 * of its last tick. A zombie that a tracer keeps is one of them already. */
INLINE void put_ended(struct task *out, u64 task, u64 leader, u64 signal)
{
    struct group *group;
    if (leader == task ? out->flags & PF_KTHREAD : !out->exit_state)
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
    u64 signal, leader, cred, parent, mm;
    if (!task) {
        find_areas();
        return 0;
    }
    leader = LOAD(u64, task + T_leader);
    signal = LOAD(u64, task + T_signal);
    out.pid = nr_loaded(LOAD(u64, task + T_thread_pid));
    if (!out.pid || !signal)
        return 0;
    out.tgid = leader == task ? out.pid : nr_of(read_u64(leader + T_thread_pid));
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
    /* The others tell of the map where the first thread ended and let go of it. */
    if (mm && (leader == task || !LOAD(u64, leader + T_mm)))
        put_map(&out, mm);
    if (leader == task) {
        parent = LOAD(u64, task + T_parent);
        if (parent)
            parent = LOAD(u64, parent + T_leader);
        if (parent)
            out.ppid = nr_loaded(LOAD(u64, parent + T_thread_pid));
        put_process(&out, task, signal);
    }
    put_ended(&out, task, leader, signal);
    bpf_seq_write((void *)meta[0], &out, sizeof(out));
    return 0;
}

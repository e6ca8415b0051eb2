/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Signals that end their target, and what the OOM killer chose. */
#include "base.h"
#include "areas.h"
#include "resident.h"

BPF_F_TABLE("array", u32, struct death, deaths, (CPUS) * (BRIEFS), BPF_F_MMAPABLE);
BPF_F_TABLE("array", u32, struct victim, victims, (CPUS) * (VICTIMS), BPF_F_MMAPABLE);

/* include/uapi/asm-generic/signal.h */
#define SIGKILL 9
#define SIGTERM 15
#define SIG_BIT(number) (1ull << ((number) - 1))
/* The default action is to ignore, to stop or to continue: SIGCHLD, SIGCONT, SIGSTOP,
 * SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH. */
#define HARMLESS                                                                         \
    (SIG_BIT(17) | SIG_BIT(18) | SIG_BIT(19) | SIG_BIT(20) | SIG_BIT(21) | SIG_BIT(22)   \
     | SIG_BIT(23) | SIG_BIT(28))

#define DEFAULT 0 /* SIG_DFL */
#define IGNORE 1  /* SIG_IGN */

/* TRACE_SIGNAL_* of include/trace/events/signal.h */
#define DELIVERED 0
#define LOSE_INFO 4

#if defined(T_sighand) && defined(H_action) && defined(H_handler)                        \
    && SIZE_k_sigaction > 0 && defined(T_blocked) && defined(T_real_blocked)             \
    && defined(S_threads)
#define HAS_ACTIONS

/* Who last sent SIGTERM to a process that handles it, by the process. */
struct target {
    u64 signal; /* its signal_struct */
    u64 start_ns;
};
struct request {
    u64 time_ns;
    u64 start_ns;
    u32 pid;
    u32 uid;
    char comm[16];
    u32 ns[NESTED]; /* of the sender, as in struct life */
    u32 ns_pid[NESTED];
    u32 unused[NESTED];
    u32 spare;
};
BPF_TABLE("lru_hash", struct target, struct request, requests, 1024);

INLINE u64 handler_of(u64 task, u32 number)
{
    return read_u64(read_u64(task + T_sighand) + H_action
                    + (number - 1) * SIZE_k_sigaction + H_handler);
}

/* Whether a thread does not take this signal now. Another of its process may take one that
 * was sent to the process. */
INLINE int is_blocked(u64 task, u64 signal, u32 number, u32 type)
{
    u64 blocked = read_u64(task + T_blocked) | read_u64(task + T_real_blocked);
    if (!(blocked & SIG_BIT(number)))
        return 0;
    return !type || read_u32(signal + S_threads) <= 1;
}

/* The pid of a struct pid in its own namespace: 1 for the init of a container. */
INLINE u32 inner_nr(u64 pid)
{
    u32 level = pid ? read_u32(pid + P_level) : 0;
    if (level > 32)
        return 0;
    return read_u32(pid + P_numbers + level * SIZE_upid + U_nr);
}

INLINE void find_target(struct target *target, u64 leader, u64 signal)
{
    target->signal = signal;
    target->start_ns = read_u64(leader + T_start);
}

INLINE void remember_request(u64 leader, u64 signal)
{
    u64 sender = bpf_get_current_task(), by = read_u64(sender + T_leader);
    struct target target = {};
    struct request request = {};
    if (by == leader)
        return;
    find_target(&target, leader, signal);
    request.time_ns = bpf_ktime_get_boot_ns();
    request.start_ns = read_u64(by + T_start);
    request.pid = read_u32(by + T_pid);
    put_nested(request.ns, request.ns_pid, request.unused, read_u64(by + T_thread_pid),
               by);
    request.uid = read_u32(read_u64(sender + T_cred) + C_euid);
    put_comm(request.comm, by);
    requests.update(&target, &request);
}

INLINE void put_request(struct death *death, u64 leader, u64 signal)
{
    struct target target = {};
    struct request *request;
    u32 i;
    find_target(&target, leader, signal);
    request = requests.lookup(&target);
    death->asked_ns = death->asker_start_ns = 0;
    death->asker_pid = death->asker_uid = 0;
    for (i = 0; i < NESTED; i++)
        death->ns_asker_pid[i] = 0;
    if (!request)
        return;
    death->asked_ns = request->time_ns;
    death->asker_start_ns = request->start_ns;
    death->asker_pid = request->pid;
    death->asker_uid = request->uid;
    for (i = 0; i < NESTED; i++)
        if (request->ns[i] == death->ns[i])
            death->ns_asker_pid[i] = request->ns_pid[i];
    __builtin_memcpy(death->asker_comm, request->comm, 16);
}

INLINE void put_sender(struct death *death)
{
    u64 sender = bpf_get_current_task(), by = read_u64(sender + T_leader);
    u64 thread_pid = read_u64(by + T_thread_pid);
    death->sender_start_ns = read_u64(by + T_start);
    death->sender_pid = read_u32(by + T_pid);
    death->sender_inner = inner_nr(thread_pid);
    death->sender_uid = read_u32(read_u64(sender + T_cred) + C_euid);
    death->sender_flags = read_u32(sender + T_flags);
    put_comm(death->sender_comm, by);
}

/* siginfo_t is the same on all machines of 64 bits (asm-generic/siginfo.h), but for MIPS. */
INLINE void put_info(struct death *death, u64 info)
{
    death->sent_as = info > BY_KERNEL ? WITH_INFO : info;
    death->code = 0;
    death->detail = 0;
    death->syscall = death->arch = 0;
    if (info <= BY_KERNEL)
        return;
    death->code = read_s32(info + 8);
    death->detail = read_u64(info + 16);
    death->syscall = read_u32(info + 24);
    death->arch = read_u32(info + 28);
}

INLINE int put_death(u64 leader, u64 signal, u32 number, u64 info)
{
    struct counts *count = my_counts();
    u64 pid = read_u64(leader + T_thread_pid);
    struct death *death;
    u32 slot;
    if (!count || !pid)
        return 0;
    slot = bpf_get_smp_processor_id() * BRIEFS + (count->deaths & (BRIEFS - 1));
    death = deaths.lookup(&slot);
    if (!death)
        return 0;
    death->seq = 0;
    death->time_ns = bpf_ktime_get_boot_ns();
    death->start_ns = read_u64(leader + T_start);
    death->signal = number;
    death->tgid = read_u32(leader + T_tgid);
    death->pid = read_u32(leader + T_pid);
    put_nested(death->ns, death->ns_pid, death->ns_sender_pid, pid,
               read_u64(bpf_get_current_task() + T_leader));
    death->spare = 0;
    put_info(death, info);
    put_sender(death);
    put_request(death, leader, signal);
    PUBLISH(death, count->deaths);
    count->deaths++;
    wake_readers(count->deaths, BRIEFS);
    return 0;
}

/* Most signals are handled: that is found out first. */
INLINE int watch_signal(u32 number, u64 info, u64 task, u32 type)
{
    u64 handler = number == SIGKILL ? DEFAULT : handler_of(task, number), signal, leader;
    if (handler != DEFAULT && (handler == IGNORE || number != SIGTERM))
        return 0;
    signal = read_u64(task + T_signal);
    leader = read_u64(task + T_leader);
    if (!signal || read_u32(task + T_flags) & PF_KTHREAD)
        return 0;
    if (handler != DEFAULT)
        remember_request(leader, signal);
    else if (number == SIGKILL || !is_blocked(task, signal, number, type))
        put_death(leader, signal, number, info);
    return 0;
}
#endif

/* signal_generate(sig, info, task, type, result), which the lock of the target's signals
 * holds. */
int signal_tracepoint(u64 *ctx)
{
#ifdef HAS_ACTIONS
    u32 number = ctx[0], result = ctx[4];
    if (number < 1 || number > 64 || HARMLESS & SIG_BIT(number)
        || (result != DELIVERED && result != LOSE_INFO))
        return 0;
    HOLD_CPU();
    watch_signal(number, ctx[1], ctx[2], ctx[3]);
    RELEASE_CPU();
#endif
    return 0;
}

/* --- victims: what the OOM killer chose ------------------------------------------------ */

#if defined(G_subsys) && defined(E_cgroup) && defined(E_memory) && defined(E_usage)      \
    && defined(E_max) && defined(E_parent) && defined(G_kn) && defined(K_name)           \
    && defined(K_id) && defined(T_cgroups) && defined(MEMORY_CGROUP)
#define HAS_LIMITS
#endif

#define CGROUPS 12 /* levels that are looked into */
#define NO_LIMIT (1ull << 50)
/* A charge that failed was at most one huge page. */
#define SHORT_OF 512

/* The nearest cgroup above a process that is full: that one ran out of memory. */
INLINE void put_limit(struct victim *victim, u64 task)
{
#ifdef HAS_LIMITS
    u64 css = read_u64(read_u64(task + T_cgroups) + G_subsys + MEMORY_CGROUP * 8);
    u64 counter = css ? css + E_memory : 0, full = 0;
    u32 level;
    for (level = 0; level < CGROUPS; level++) {
        u64 most, used;
        if (!counter || full)
            break;
        most = read_u64(counter + E_max);
        used = read_u64(counter + E_usage);
        if (most < NO_LIMIT && used + SHORT_OF >= most) {
            victim->limit_pages = most;
            victim->used_pages = used;
            full = counter;
        }
        counter = read_u64(counter + E_parent);
    }
    if (full) {
        u64 kn = read_u64(read_u64(full - E_memory + E_cgroup) + G_kn);
        victim->cgroup_id = read_u64(kn + K_id);
        bpf_probe_read_kernel_str(victim->cgroup, sizeof(victim->cgroup),
                                  (void *)read_u64(kn + K_name));
    }
#endif
}

INLINE void put_victim_memory(struct victim *victim, u64 task)
{
    struct resident pages = {};
#ifdef T_mm
    u64 mm = read_u64(task + T_mm);
    if (mm) {
        read_resident(&pages, mm);
        victim->rss_pages =
            above_0(pages.of[FILE]) + above_0(pages.of[ANON]) + above_0(pages.of[SHMEM]);
    }
#endif
#ifdef S_oom_adj
    victim->oom_score_adj = (short)read_u32(read_u64(task + T_signal) + S_oom_adj);
#endif
}

INLINE void put_victim(u64 argument)
{
    struct counts *count = my_counts();
    struct victim *victim;
    u32 slot;
    if (!count)
        return;
    slot = bpf_get_smp_processor_id() * VICTIMS + (count->victims & (VICTIMS - 1));
    victim = victims.lookup(&slot);
    if (!victim)
        return;
    __builtin_memset(victim, 0, sizeof(*victim));
    victim->time_ns = bpf_ktime_get_boot_ns();
#ifdef VICTIM_IS_TASK
    victim->tgid = read_u32(argument + T_tgid);
    victim->start_ns = read_u64(read_u64(argument + T_leader) + T_start);
    victim->has_task = 1;
    put_limit(victim, argument);
    put_victim_memory(victim, argument);
#else
    victim->tgid = argument;
    put_limit(victim, bpf_get_current_task());
#endif
    PUBLISH(victim, count->victims);
    count->victims++;
    wake_readers(count->victims, VICTIMS);
}

/* mark_victim(task, uid), or mark_victim(pid) in older kernels. */
int victim_tracepoint(u64 *ctx)
{
    HOLD_CPU();
    put_victim(ctx[0]);
    RELEASE_CPU();
    return 0;
}

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The run time of exited threads, by process. */
#include "base.h"

/* The exited threads of each process that had more than one thread. The
 * key stays readable for as long as a thread of it runs, which `group_leader` does not. */
struct group_key {
    u64 signal;
    u64 tgid;
};
struct group {
    u64 run_ns; /* of the threads that left their CPU for good, without a zombie leader */
    u64 leader_ns; /* of that leader */
    u64 last_ns;   /* the thread whose exit is recorded: see struct life */
    u32 last_tid;
    u32 entered; /* threads on their way out */
    u32 left;    /* of these, those that left their CPU for good */
    u32 zombies; /* of these, those that were still to be reaped by somebody */
};
BPF_TABLE("lru_hash", struct group_key, struct group, groups, 8192);

INLINE struct group *group_of(u64 task, u64 signal)
{
    struct group_key key = {};
    key.signal = signal;
    key.tgid = read_u32(task + T_tgid);
    return groups.lookup(&key);
}

/* A new process may have the pid and the memory of an exited one. */
INLINE void forget_group(u64 task)
{
    struct group_key key = {};
    key.signal = read_u64(task + T_signal);
    key.tgid = read_u32(task + T_tgid);
    groups.delete(&key);
}

/* The group of a thread that is about to exit; none if it was always the only one. The
 * sum in signal_struct has the threads that exited before, each as of its last tick. */
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
* one of the exited threads now (de_thread in fs/exec.c). */
INLINE void replace_leader(u64 task, u64 signal)
{
    struct group *group = group_of(task, signal);
    if (!group)
        return;
    __sync_fetch_and_add(&group->run_ns, group->leader_ns);
    group->leader_ns = 0;
    group->zombies = 0;
}

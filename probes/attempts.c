/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Execs that fail, at the return of the kernel's functions for execve(2) and execveat(2).
 *
 * A failed exec leaves the registers and the memory of its caller as they were. */
#include "base.h"

BPF_F_TABLE("array", u32, struct attempt, attempts, (CPUS) * (ATTEMPTS), BPF_F_MMAPABLE);

#define ARGUMENTS 12 /* that are read */

/* ERESTARTSYS and the like in include/linux/errno.h: the call begins again. */
#define FIRST_RESTART 512

/* Write the arguments one behind the other, as they are in the memory of a process. What
 * is beyond `argv` is overwritten with `exe`. */
INLINE void put_tried(struct attempt *attempt, u64 argv)
{
    u64 at = 0, argument = 0;
    u32 i;
#pragma unroll
    for (i = 0; i < ARGUMENTS; i++) {
        long got;
        if (bpf_probe_read_user(&argument, 8, (void *)(argv + i * 8)) || !argument)
            break;
        got = bpf_probe_read_user_str(attempt->argv + at, TRIED_BYTES, (void *)argument);
        if (got <= 0)
            break;
        at += got;
        if (at >= TRIED_BYTES)
            break;
        /* The verifier must see it where the compiler does not. */
        asm volatile("%0 &= 127" : "+r"(at));
    }
    attempt->argv_bytes = at < TRIED_BYTES ? at : TRIED_BYTES;
    attempt->is_cut = argument != 0;
    attempt->spare = 0;
}

INLINE void put_attempt(struct counts *count, u64 file, u64 argv, u32 error)
{
    u64 task = bpf_get_current_task(), leader = read_u64(task + T_leader), parent;
    u64 pid = read_u64(leader + T_thread_pid), index = count->attempts;
    u32 slot = bpf_get_smp_processor_id() * ATTEMPTS + (index & (ATTEMPTS - 1));
    struct attempt *attempt = attempts.lookup(&slot);
    if (!attempt || !pid)
        return;
    attempt->seq = 0;
    attempt->time_ns = bpf_ktime_get_boot_ns();
    attempt->start_ns = read_u64(leader + T_start);
    attempt->error = error;
    parent = parent_of(leader);
    attempt->pid = read_u32(leader + T_pid);
    attempt->ppid = read_u32(parent + T_pid);
    put_nested(attempt->ns, attempt->ns_pid, attempt->ns_ppid, pid, parent);
    attempt->uid = read_u32(read_u64(task + T_cred) + C_euid);
    put_comm(attempt->comm, leader);
    put_tried(attempt, argv);
    attempt->exe[0] = 0;
    bpf_probe_read_user_str(attempt->exe, EXE_BYTES, (void *)file);
    PUBLISH(attempt, index);
    count->attempts = index + 1;
    /* Searches for a program make many: wake the reader when half are filled. */
    wake_readers(index + 1, ATTEMPTS * 4);
}

/* The kernel does not run a program again that it has interrupted on the same CPU; here
 * are two of them, and from Linux 5.11 on they can be interrupted. */
INLINE int end_exec(u64 file, u64 argv, s64 result)
{
    struct counts *count;
    if (result <= -FIRST_RESTART)
        return 0;
    count = my_counts();
    if (!count)
        return 0;
    __sync_fetch_and_add(&count->attempting, 1);
    if (*(volatile u64 *)&count->attempting == 1)
        put_attempt(count, file, argv, -result);
    else
        __sync_fetch_and_add(&count->unrecorded, 1);
    __sync_fetch_and_add(&count->attempting, -1);
    return 0;
}

/* execve(filename, argv, envp): the argument is struct pt_regs, the result follows. */
int execve_return(u64 *ctx)
{
    s64 result = ctx[1];
    return result < 0 ? end_exec(ARGUMENT_1(ctx[0]), ARGUMENT_2(ctx[0]), result) : 0;
}

/* execveat(dirfd, pathname, argv, envp, flags) */
int execveat_return(u64 *ctx)
{
    s64 result = ctx[1];
    return result < 0 ? end_exec(ARGUMENT_2(ctx[0]), ARGUMENT_3(ctx[0]), result) : 0;
}

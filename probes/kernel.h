/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Reading kernel memory at offsets that come as -D flags from BTF (layout.py). */

/* BCC keeps `static inline` functions of a program; these must really be inlined. */
#define INLINE static __attribute__((always_inline))

#define READ_AS(name, type)                                                              \
    INLINE type name(u64 address)                                                        \
    {                                                                                    \
        type value = 0;                                                                  \
        bpf_probe_read_kernel(&value, sizeof(value), (void *)address);                   \
        return value;                                                                    \
    }
READ_AS(read_u32, u32)
READ_AS(read_s32, s32)
READ_AS(read_s64, s64)
READ_AS(read_u64, u64)

/* The process that is the parent of a task, whichever of its threads did the fork. */
INLINE u64 parent_of(u64 task)
{
    return read_u64(read_u64(task + T_parent) + T_leader);
}

/* Write the pid of a process and of its parent in the pid namespaces below the initial
 * one: readers are in any of them. 0 where it has none. */
INLINE void put_nested(u32 *inums, u32 *pids, u32 *ppids, u64 pid, u64 parent)
{
    u32 level = read_u32(pid + P_level), parent_level = 0, i;
#pragma unroll
    for (i = 0; i < NESTED; i++)
        inums[i] = pids[i] = ppids[i] = 0;
    if (!level)
        return;
    parent = read_u64(parent + T_thread_pid);
    if (parent)
        parent_level = read_u32(parent + P_level);
#pragma unroll
    for (i = 0; i < NESTED; i++) {
        u64 at = P_numbers + (i + 1) * SIZE_upid, ns;
        if (i + 1 > level)
            break;
        ns = read_u64(pid + at + U_ns);
        inums[i] = read_u32(ns + N_inum);
        pids[i] = read_u32(pid + at + U_nr);
        if (i + 1 <= parent_level && read_u64(parent + at + U_ns) == ns)
            ppids[i] = read_u32(parent + at + U_nr);
    }
}

/* The name up to its NUL: older kernels leave bytes of an older name behind it. */
INLINE void put_comm(char *to, u64 task)
{
    ((u64 *)to)[0] = ((u64 *)to)[1] = 0;
    bpf_probe_read_kernel_str(to, 16, (void *)(task + T_comm));
}

/* The iterator's pointers are typed for the verifier, so fields load without a helper:
 * a third of the time. */
#ifdef PLAIN_READS /* for verifiers that do not follow these pointers */
#define LOAD(type, address) read_##type(address)
#else
#define LOAD(type, address) (*(volatile type *)(address))
#endif

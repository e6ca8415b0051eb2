/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Reading kernel memory at offsets that come as -D flags from BTF (layout.py). */

#define LEVELS 4 /* of pid namespaces that are looked into */

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

/* The pid that a struct pid has in the reader's namespace, 0 where it has none. */
INLINE u32 nr_of(u64 pid)
{
    u32 level, i;
    if (!pid)
        return 0;
    level = read_u32(pid + P_level);
#pragma unroll
    for (i = 0; i < LEVELS; i++) {
        u64 entry = pid + P_numbers + i * SIZE_upid;
        if (i > level)
            break;
        if (read_u32(read_u64(entry + U_ns) + N_inum) == READER_PIDNS)
            return read_u32(entry + U_nr);
    }
    return 0;
}

/* The pid of a task's parent: of the process, whichever of its threads did the fork. */
INLINE u32 parent_of(u64 task)
{
    return nr_of(read_u64(read_u64(read_u64(task + T_parent) + T_leader) + T_thread_pid));
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

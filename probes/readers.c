/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Iterators that write what the maps hold, for readers to whom the kernel gives no map:
 * who lacks CAP_BPF before Linux 5.19, and who is in a container that refuses bpf(2). */
#include "base.h"

/* Records that are older are left out: who reads more rarely loses them. */
#define RECENT_NS 4000000000ull

/* Slots that are looked into at once. The kernel takes the output of one element of
 * `blocks` whole or not at all, up to 8 pages. */
#if BRIEFS < 32
#define BLOCK BRIEFS
#else
#define BLOCK 32
#endif
#define MOST (BRIEFS > ATTEMPTS ? BRIEFS : ATTEMPTS)

/* It holds nothing: the iterators run once for each element. */
BPF_TABLE("array", u32, u32, blocks, (CPUS)*MOST / BLOCK);

struct text {
    char of[4096];
};
BPF_TABLE("array", u32, struct text, about, 1);

INLINE void *life_at(u32 slot)
{
    return lives.lookup(&slot);
}
INLINE void *fork_at(u32 slot)
{
    return forks.lookup(&slot);
}
INLINE void *final_at(u32 slot)
{
    return finals.lookup(&slot);
}
INLINE void *death_at(u32 slot)
{
    return deaths.lookup(&slot);
}
INLINE void *victim_at(u32 slot)
{
    return victims.lookup(&slot);
}
INLINE void *attempt_at(u32 slot)
{
    return attempts.lookup(&slot);
}
INLINE struct counts *counts_of(u32 cpu)
{
    return counts.lookup(&cpu);
}
INLINE void *idle_of(u32 cpu)
{
    return idles.lookup(&cpu);
}
INLINE void *about_at(u32 key)
{
    return about.lookup(&key);
}

/* The slot of a block that was written last: all records have `seq` and `time_ns` first. */
INLINE u32 newest_of(u32 first, u32 slots, u64 count)
{
    u32 head = first / slots * slots + ((count - 1) & (slots - 1));
    return head - first < BLOCK ? head : first + BLOCK - 1;
}

/* Its number, the record, and its `seq` again: the CPU of the log goes on meanwhile. */
INLINE void write_slot(void *seq, u64 number, u64 *record, u32 size)
{
    bpf_seq_write(seq, &number, sizeof(number));
    bpf_seq_write(seq, record, size);
    number = record[0];
    bpf_seq_write(seq, &number, sizeof(number));
}

#define WRITE_BLOCK(seq, key, at, type, counter, slots)                                  \
    do {                                                                                 \
        u64 since_ns = bpf_ktime_get_boot_ns() - RECENT_NS, *record;                     \
        u32 first = (key) * BLOCK, i;                                                    \
        struct counts *count = counts_of(first / (slots));                               \
        if (!count)                                                                      \
            break;                                                                       \
        record = at(newest_of(first, slots, count->counter));                            \
        if (!record || (s64)(record[1] - since_ns) < 0)                                  \
            break;                                                                       \
        for (i = 0; i < BLOCK; i++) {                                                    \
            record = at(first + i);                                                      \
            if (record && record[0] && (s64)(record[1] - since_ns) >= 0)                 \
                write_slot(seq, first + i, record, sizeof(type));                        \
        }                                                                                \
    } while (0)

/* Each runs for the elements of `blocks` (struct bpf_iter__bpf_map_elem), and once more
 * without one. */
int read_lives(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    if (key)
        WRITE_BLOCK((void *)meta[0], read_u32(key), life_at, struct life, lives, LIVES);
    return 0;
}

int read_forks(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    if (key)
        WRITE_BLOCK((void *)meta[0], read_u32(key), fork_at, struct brief, forks, BRIEFS);
    return 0;
}

int read_finals(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    if (key)
        WRITE_BLOCK((void *)meta[0], read_u32(key), final_at, struct final, finals,
                    BRIEFS);
    return 0;
}

int read_deaths(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    if (key)
        WRITE_BLOCK((void *)meta[0], read_u32(key), death_at, struct death, deaths,
                    BRIEFS);
    return 0;
}

int read_victims(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    if (key)
        WRITE_BLOCK((void *)meta[0], read_u32(key), victim_at, struct victim, victims,
                    VICTIMS);
    return 0;
}

int read_attempts(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    if (key)
        WRITE_BLOCK((void *)meta[0], read_u32(key), attempt_at, struct attempt, attempts,
                    ATTEMPTS);
    return 0;
}

int read_counts(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    void *of_cpu = key ? counts_of(read_u32(key)) : 0;
    if (of_cpu)
        bpf_seq_write((void *)meta[0], of_cpu, sizeof(struct counts));
    return 0;
}

int read_idles(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    void *of_cpu = key ? idle_of(read_u32(key)) : 0;
    if (of_cpu)
        bpf_seq_write((void *)meta[0], of_cpu, sizeof(struct idle));
    return 0;
}

int read_about(u64 *ctx)
{
    u64 *meta = (u64 *)ctx[0], key = ctx[2];
    void *text = key ? about_at(read_u32(key)) : 0;
    if (text)
        bpf_seq_write((void *)meta[0], text, sizeof(struct text));
    return 0;
}

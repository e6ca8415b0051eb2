/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The resident pages of a memory map, exactly.
 *
 * From Linux 6.2 each kind is a percpu_counter: a CPU adds to its own part until that
 * has grown to a batch, max(32, 2 x CPUs) pages, and only then to the sum that everyone
 * can see (lib/percpu_counter.c). Before, each thread kept up to 64 pages to itself
 * (SPLIT_RSS_COUNTING). So the visible sum of a small process may be anything.
 */

#define FILE 0 /* enum of include/linux/mm_types_task.h */
#define ANON 1
#define SWAP 2
#define SHMEM 3
#define KINDS 4

struct resident {
    s64 of[KINDS];
};

INLINE s64 above_0(s64 value)
{
    return value > 0 ? value : 0;
}

#ifdef HAS_PARTS
/* Add what the CPUs have not added to the sum yet; `parts` are the per-CPU pointers of the kinds. */
INLINE void add_parts(struct resident *pages, const u64 *parts)
{
    u32 cpu, kind;
    struct areas *found = known_areas();
    s32 own[KINDS];
    u64 area;
    /* From 6.6 they lie side by side (percpu_counter_init_many). */
    int together =
        parts[1] == parts[0] + 4 && parts[2] == parts[0] + 8 && parts[3] == parts[0] + 12;
    if (!found || !parts[0])
        return;
    for (cpu = 0; cpu < CPUS; cpu++) {
        area = found->of[cpu];
        if (!area)
            continue;
        if (together) {
            bpf_probe_read_kernel(own, sizeof(own), (void *)(parts[0] + area));
        } else {
#pragma unroll
            for (kind = 0; kind < KINDS; kind++)
                bpf_probe_read_kernel(&own[kind], 4, (void *)(parts[kind] + area));
        }
#pragma unroll
        for (kind = 0; kind < KINDS; kind++)
            pages->of[kind] += own[kind];
    }
}
#endif

#define COUNTER(mm, kind) ((mm) + M_rss + (kind) * SIZE_rss_stat)

/* For hooks. */
INLINE void read_resident(struct resident *pages, u64 mm)
{
#ifdef M_rss
    u32 kind;
#ifdef HAS_PARTS
    u64 parts[KINDS];
#endif
#pragma unroll
    for (kind = 0; kind < KINDS; kind++) {
        pages->of[kind] = read_s64(COUNTER(mm, kind) + SIZE_rss_in_counter);
#ifdef HAS_PARTS
        parts[kind] = read_u64(COUNTER(mm, kind) + SIZE_rss_counters);
#endif
    }
#ifdef HAS_PARTS
    add_parts(pages, parts);
#endif
#endif
}

/* For the iterator, whose `mm` is typed. */
INLINE void load_resident(struct resident *pages, u64 mm)
{
#if defined(HAS_PARTS)
    u64 parts[KINDS];
    u32 kind;
#pragma unroll
    for (kind = 0; kind < KINDS; kind++) {
        pages->of[kind] = LOAD(s64, COUNTER(mm, kind) + SIZE_rss_in_counter);
        parts[kind] = LOAD(u64, COUNTER(mm, kind) + SIZE_rss_counters);
    }
    add_parts(pages, parts);
#else
    /* Verifiers of that time do not follow an array of atomic_long_t. */
    read_resident(pages, mm);
#endif
}

#if SIZE_rss_cached > 0
/* Add what a thread keeps to itself. */
INLINE void put_cached(struct task *out, u64 task)
{
    s32 own[KINDS] = {};
    bpf_probe_read_kernel(own, sizeof(own), (void *)(task + SIZE_rss_cached));
    out->file_pages += own[FILE];
    out->anon_pages += own[ANON];
    out->swap_pages += own[SWAP];
    out->shmem_pages += own[SHMEM];
}
#endif

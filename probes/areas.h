/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where the memory of each CPU begins. */

/* More CPUs than this are not summed up: it takes 40 ns for each. */
#define MOST_CPUS 256

#if defined(M_rss) && SIZE_rss_counters > 0 && SIZE_map_parts > 0 && CPUS <= MOST_CPUS   \
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

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the parts of the probes share.
 *
 * Each CPU writes into its own part of an array that readers map, so there are no atomics,
 * any number of readers, and a loss is a gap in `seq`. Nothing else runs on a CPU while it
 * writes (HOLD_CPU).
 *
 * -D flags: CPUS, LIVES and BRIEFS (slots of a CPU, powers of two), and the layout of
 * kernel structs (layout.py).
 */
#include "records.h"
#include "kernel.h"

BPF_F_TABLE("array", u32, struct counts, counts, CPUS, BPF_F_MMAPABLE);

/* include/linux/sched.h */
#define EXIT_ZOMBIE 0x20
#define TASK_DEAD 0x80
#define PF_KTHREAD 0x200000

/* The CPU is the program's until RELEASE_CPU. From Linux 7.0 on, preemption is enabled in
 * programs at raw tracepoints (__DECLARE_TRACE in include/linux/tracepoint.h): a task that
 * forks, execs or exits could take the CPU amid a record, and write into the same one. Nor
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

/* Readers sleep until there is something in this buffer. */
BPF_RINGBUF_OUTPUT(wakes, 1);

/* Wake them whenever another eighth of the slots of a CPU is filled: `count` records have
 * been published. They wake in an interrupt (irq_work), so the scheduler may call this. */
INLINE void wake_readers(u64 count, u64 slots)
{
    if (!(count & (slots / 8 - 1)))
        wakes.ringbuf_output(&count, sizeof(count), BPF_RB_FORCE_WAKEUP);
}

#if defined(__x86_64__) || defined(__TARGET_ARCH_x86)
#define ARGUMENT_1(regs) read_u64((u64)(regs) + 14 * 8) /* di */
#define ARGUMENT_2(regs) read_u64((u64)(regs) + 13 * 8) /* si */
#define ARGUMENT_3(regs) read_u64((u64)(regs) + 12 * 8) /* dx */
#else
#define ARGUMENT_1(regs) read_u64((u64)(regs))
#define ARGUMENT_2(regs) read_u64((u64)(regs) + 8)
#define ARGUMENT_3(regs) read_u64((u64)(regs) + 16)
#endif

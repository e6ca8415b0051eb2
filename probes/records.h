/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The records that the programs write. records.py makes numpy types of them. */

/* The number of this protocol (docs/probes.md), raised with every change of a record. */
#define ABI 1

#define ARGV_BYTES 360
#define EXE_BYTES 128
#define TRIED_BYTES 128
#define VICTIMS 64    /* slots of a CPU */
#define ATTEMPTS 1024 /* slots of a CPU */
/* Pid namespaces below the initial one; readers may be in any of them. */
#define NESTED 3

enum kind { EXEC = 1, EXIT = 2 };

/* An exec or an exit of a process, of a whole thread group. 672 bytes. */
struct life {
    u64 seq;       /* 1 + index in this CPU's log, written last */
    u64 time_ns;   /* CLOCK_BOOTTIME */
    u64 start_ns;  /* of the thread group leader, CLOCK_BOOTTIME */
    u64 last_ns;   /* start of the thread that ran the hook: with last_tid its identity */
    u64 others_ns; /* run time of all threads but that one */
    u64 own_ns;    /* run time of that one as far as the hook can see */
    u64 utime;     /* tick-based user time of the group, ns */
    u64 stime;     /* tick-based system time of the group, ns */
    u64 read_bytes;
    u64 write_bytes;
    u64 cgroup_id;
    u32 kind;
    u32 pid; /* in the initial pid namespace, as `ppid` and `last_tid` */
    u32 ppid;
    u32 uid;
    u32 last_tid;
    s32 code; /* wait status of an exit */
    u32 threads;
    u32 rss_pages;
    u32 peak_pages;
    u32 argv_bytes; /* length of the argument vector, which may be more than fits */
    u32 exits;      /* EXIT records of this CPU so far, this one included */
    u32 ns[NESTED]; /* inodes of its other pid namespaces, the outermost first, then 0 */
    u32 ns_pid[NESTED]; /* pid there */
    u32 ns_ppid[NESTED];
    char comm[16];
    char argv[ARGV_BYTES];
    char exe[EXE_BYTES]; /* of an exec: the program file, as execve(2) was given it */
};

/* A fork of a process. 96 bytes. */
struct brief {
    u64 seq;
    u64 time_ns;
    u64 start_ns;
    u64 run_ns; /* 0 */
    u32 pid;    /* in the initial pid namespace, as `ppid` */
    u32 ppid;
    u32 uid;
    u32 ns[NESTED]; /* as in struct life */
    u32 ns_pid[NESTED];
    u32 ns_ppid[NESTED];
    char comm[16];
};

/* An exec that failed. 360 bytes. */
struct attempt {
    u64 seq;
    u64 time_ns;
    u64 start_ns; /* of the thread group leader */
    u32 error;    /* errno */
    u32 pid;      /* in the initial pid namespace, as `ppid` */
    u32 ppid;
    u32 uid;
    u32 argv_bytes; /* of the arguments in `argv` */
    u32 is_cut;     /* whether it has not all of them */
    u32 spare;
    u32 ns[NESTED]; /* as in struct life */
    u32 ns_pid[NESTED];
    u32 ns_ppid[NESTED];
    char comm[16];
    char argv[TRIED_BYTES]; /* as execve(2) was given them */
    char exe[EXE_BYTES];    /* the file name, as execve(2) was given it */
};

/* The final run time of a process, when its last thread has left its CPU for good. A
 * separate log, because that happens within the scheduler. 40 bytes. */
struct final {
    u64 seq;
    u64 time_ns;
    u64 start_ns; /* of the thread whose exit is recorded: life.last_ns */
    u64 run_ns;   /* of all threads */
    u32 pid;      /* of that thread, in the initial pid namespace: life.last_tid */
    u32 spare;
};

enum sent_as { NO_INFO = 0, BY_KERNEL = 1, WITH_INFO = 2 };

/* A signal that ends its target: the last one of a process that a signal killed. The
 * sender is the task that ran, which says who is to blame only for some kinds. 192 bytes. */
struct death {
    u64 seq;
    u64 time_ns;
    u64 start_ns;        /* of the target's thread group leader */
    u64 sender_start_ns; /* of the sender's */
    u64 detail;          /* bytes 16 to 23 of siginfo: the address of a fault */
    u64 asked_ns;        /* when SIGTERM came before, which the target handled; or 0 */
    u64 asker_start_ns;
    s32 signal;
    s32 code;    /* si_code */
    u32 sent_as; /* enum sent_as */
    u32 syscall; /* bytes 24 to 27 of siginfo: the number of a forbidden system call */
    u32 arch;    /* bytes 28 to 31: AUDIT_ARCH_* of that */
    u32 tgid;    /* of the target in the initial pid namespace */
    u32 pid;     /* the same, as those that follow */
    u32 sender_pid;
    u32 sender_uid;
    u32 sender_flags; /* PF_* of the thread that sent it */
    u32 sender_inner; /* its pid in its own pid namespace */
    u32 asker_pid;
    u32 asker_uid;
    u32 ns[NESTED]; /* of the target, as in struct life */
    u32 ns_pid[NESTED];
    u32 ns_sender_pid[NESTED];
    u32 ns_asker_pid[NESTED];
    u32 spare;
    char sender_comm[16];
    char asker_comm[16];
};

/* A process that the OOM killer chose. Where the kernel tells its pid only, the rest is 0.
 * 152 bytes. */
struct victim {
    u64 seq;
    u64 time_ns;
    u64 start_ns;
    u64 rss_pages;
    u64 limit_pages; /* of the cgroup that ran out of memory; 0 for none */
    u64 used_pages;  /* of that cgroup */
    u64 cgroup_id;   /* its inode number */
    u32 tgid;        /* in the initial pid namespace */
    s32 oom_score_adj;
    u32 has_task; /* whether more than the pid is known */
    u32 spare;
    char cgroup[80]; /* the name of its folder */
};

/* Counters of one CPU, two cache lines of them; only that CPU writes. */
struct counts {
    u64 lives; /* records in each log so far */
    u64 forks;
    u64 finals;
    u64 execs;
    u64 exits;
    u64 failures; /* reads of user memory that failed */
    u64 late;     /* ends that the hook of exits missed, recorded at the last switch */
    u64 deaths;   /* records in each log so far */
    u64 victims;
    u64 attempts;
    u64 attempting; /* programs that write an attempt now */
    u64 unrecorded; /* attempts that another one interrupted */
    u64 spare[4];
};

/* When a CPU ran its idle task, a cache line of it; only that CPU writes. */
struct idle {
    u64 task;     /* that task; 0 until it was seen to come or go */
    u64 idle_ns;  /* time that no task was charged for, since it was first seen */
    u64 since_ns; /* CLOCK_MONOTONIC since when it runs now; 0 where something else does */
    u64 charged_ns; /* until when the task before it was charged, by the scheduler's clock */
    u64 ran;        /* the task that was seen to come last, but the idle task */
    u64 spare[3];
};

/* One thread as the iterator sees it. What only its process has is 0 in other threads. The
 * counters from `minflt` to `involuntary_switches` are the thread's; those of a leader have
* in them the counters that exited threads left to the process. */
struct task {
    u64 start_ns;
    u64 run_ns;
    u64 utime;
    u64 stime;
    u64 minflt;
    u64 majflt;
    u64 read_bytes;
    u64 write_bytes;
    u64 rchar;
    u64 wchar;
    u64 voluntary_switches;
    u64 involuntary_switches;
    u64 run_delay_ns; /* the thread's alone */
    u64 dead_run_ns;  /* of the process: exited threads */
    u64 dead_utime;
    u64 dead_stime;
    u64 cutime;
    u64 cstime;
    u64 start_stack;
    u64 virt_pages;
    u64 cgroup_id;
    s64 file_pages;
    s64 anon_pages;
    s64 swap_pages;
    s64 shmem_pages;
    u32 pid;
    u32 tgid;
    u32 ppid;
    u32 pgrp;
    u32 session;
    u32 tty;
    u32 uid;
    u32 flags;
    u32 state;
    u32 exit_state;
    u32 threads;
    u32 policy;
    u32 rt_priority;
    u32 cpu;
    u32 on_cpu;
    u32 spare;
    s32 prio;
    s32 static_prio;
    char comm[16];
};

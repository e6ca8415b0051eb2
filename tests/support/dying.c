/* Ways to be killed: dying MODE. No signal is ignored or blocked, whatever the parent does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void read_behind_a_file(void)
{
    FILE *file = tmpfile();
    volatile char *map;
    if (!file || ftruncate(fileno(file), 4096))
        return;
    map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
    if (map == MAP_FAILED || ftruncate(fileno(file), 0))
        return;
    (void)map[0];
}

static void divide(void)
{
#if defined(__x86_64__)
    volatile int zero = 0, one = 1;
    one /= zero;
#else
    raise(SIGFPE);
#endif
}

static void write_to_nobody(void)
{
    int ends[2];
    if (pipe(ends))
        return;
    close(ends[0]);
    if (write(ends[1], "x", 1) < 0)
        return;
}

static void limit(int what, rlim_t most)
{
    struct rlimit both = {most, most};
    struct rlimit no_core = {0, 0};
    setrlimit(what, &both);
    setrlimit(RLIMIT_CORE, &no_core);
}

static void write_too_much(void)
{
    char block[64] = {0};
    FILE *file = tmpfile();
    limit(RLIMIT_FSIZE, 32);
    if (!file || write(fileno(file), block, 32) != 32)
        return;
    if (write(fileno(file), block, 32) < 0)
        return;
}

static void set_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec when = {.it_value = {.tv_nsec = 50000000}};
    timer_t timer;
    if (!timer_create(CLOCK_MONOTONIC, &event, &timer))
        timer_settime(timer, 0, &when, NULL);
    for (;;)
        pause();
}

static void set_alarm(void)
{
    struct itimerval when = {.it_value = {.tv_usec = 50000}};
    setitimer(ITIMER_REAL, &when, NULL);
    for (;;)
        pause();
}

static void forbid_and_call(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {4, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
    syscall(SYS_getppid);
}

/* The child prints its pid and waits; the parent exits once it is ready. */
static void outlive_parent(void)
{
    char ready;
    int ends[2];
    if (pipe(ends))
        return;
    if (!fork()) {
        prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
        printf("%d\n", getpid());
        fflush(stdout);
        if (write(ends[1], "x", 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    if (read(ends[0], &ready, 1) < 0)
        _exit(1);
    _exit(0);
}

static void fill_memory(void)
{
    size_t size = 1 << 20;
    char *block;
    while ((block = malloc(size)))
        memset(block, 1, size);
}

static void take_no_notice(int number)
{
    (void)number;
}

static void take_every_signal(void)
{
    sigset_t none;
    int number;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
}

static void wait_for_ever(void)
{
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

int main(int count, char **arguments)
{
    const char *mode = count > 1 ? arguments[1] : "";
    take_every_signal();
    if (!strcmp(mode, "wait"))
        wait_for_ever();
    if (!strcmp(mode, "handle-sigterm")) {
        signal(SIGTERM, take_no_notice);
        wait_for_ever();
    }
    if (!strcmp(mode, "segv")) {
        limit(RLIMIT_CORE, 0);
        *(volatile int *)0x10 = 1;
    }
    if (!strcmp(mode, "bus"))
        read_behind_a_file();
    if (!strcmp(mode, "fpe"))
        divide();
    if (!strcmp(mode, "ill"))
        __builtin_trap();
    if (!strcmp(mode, "abort"))
        abort();
    if (!strcmp(mode, "pipe"))
        write_to_nobody();
    if (!strcmp(mode, "cpu")) {
        limit(RLIMIT_CPU, 1);
        for (;;)
            ;
    }
    if (!strcmp(mode, "size"))
        write_too_much();
    if (!strcmp(mode, "alarm"))
        set_alarm();
    if (!strcmp(mode, "timer"))
        set_timer();
    if (!strcmp(mode, "seccomp"))
        forbid_and_call();
    if (!strcmp(mode, "parent"))
        outlive_parent();
    if (!strcmp(mode, "oom"))
        fill_memory();
    return 2;
}

/* Processes that live and end in ways a shell cannot: lives MODE [NUMBER]. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_barrier_t together;
static const char *program;
static long number;

static void burn(clockid_t clock, long ms)
{
    struct timespec now;
    do
        clock_gettime(clock, &now);
    while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static void *wait_for_leader(void *unused)
{
    char path[64], line[512];
    (void)unused;
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
    for (;;) {
        FILE *file = fopen(path, "r");
        int is_zombie = file && fgets(line, sizeof(line), file)
            && !strncmp(strrchr(line, ')'), ") Z", 3);
        if (file)
            fclose(file);
        if (is_zombie)
            return NULL;
    }
}

/* The last thread ends on its own: the status is the leader's. */
static void *outlive(void *unused)
{
    wait_for_leader(unused);
    burn(CLOCK_THREAD_CPUTIME_ID, 20);
    syscall(SYS_exit, 0);
    return NULL;
}

static void *outlive_and_exit(void *unused)
{
    wait_for_leader(unused);
    exit(number);
}

static void *wait_for_good(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *outlive_for_good(void *unused)
{
    wait_for_leader(unused);
    return wait_for_good(unused);
}

/* Hold `number` MiB without a leader; burn 50 ms for each byte that is sent. */
static void *hold(void *unused)
{
    char byte;
    volatile char *memory = malloc(number << 20);
    long at;
    wait_for_leader(unused);
    for (at = 0; at < number << 20; at += 4096)
        memory[at] = 1;
    puts("ready");
    fflush(stdout);
    while (read(0, &byte, 1) == 1) {
        struct timespec now;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        burn(CLOCK_THREAD_CPUTIME_ID, now.tv_sec * 1000 + now.tv_nsec / 1000000 + 50);
        puts("burnt");
        fflush(stdout);
    }
    exit(0);
}

static void *crash(void *unused)
{
    abort();
    return unused;
}

static void *exec_again(void *unused)
{
    (void)unused;
    execl(program, program, "exit", "4", (char *)NULL);
    _exit(99);
}

static void *exit_together(void *unused)
{
    pthread_barrier_wait(&together);
    syscall(SYS_exit_group, 3);
    return unused;
}

static void *burn_and_spin(void *unused)
{
    burn(CLOCK_THREAD_CPUTIME_ID, number);
    pthread_barrier_wait(&together);
    for (;;)
        ;
    return unused;
}

/* Some 50 us without asking for the time, which would bring its run time up to date. */
static void *spin_shortly(void *unused)
{
    volatile long left = 100000;
    while (left--)
        ;
    return unused;
}

static void start(void *(*function)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, NULL))
        abort();
}

int main(int count, char **arguments)
{
    const char *mode = count > 1 ? arguments[1] : "";
    program = arguments[0];
    number = count > 2 ? atol(arguments[2]) : 0;
    pthread_barrier_init(&together, NULL, 2);
    if (!strcmp(mode, "exit"))
        return number;
    if (!strcmp(mode, "burn")) {
        burn(CLOCK_PROCESS_CPUTIME_ID, number);
        return 0;
    }
    if (!strcmp(mode, "leader-first") || !strcmp(mode, "leader-first-group")) {
        start(strcmp(mode, "leader-first") ? outlive_and_exit : outlive);
        syscall(SYS_exit, 5);
    }
    if (!strcmp(mode, "leader-first-waiting")) {
        start(outlive_for_good);
        syscall(SYS_exit, 0);
    }
    if (!strcmp(mode, "leader-first-holding")) {
        start(hold);
        syscall(SYS_exit, 0);
    }
    if (!strcmp(mode, "exec-thread")) {
        start(exec_again);
        pause();
    }
    if (!strcmp(mode, "exit-together")) {
        start(exit_together);
        exit_together(NULL);
    }
    if (!strcmp(mode, "crash-among-threads")) {
        int i;
        for (i = 0; i < 8; i++)
            start(i == number ? crash : wait_for_good);
        wait_for_good(NULL);
    }
    if (!strcmp(mode, "short-lives-on-one-cpu")) {
        cpu_set_t all, one;
        int cpu = 0;
        sched_getaffinity(0, sizeof(all), &all);
        while (!CPU_ISSET(cpu, &all))
            cpu++;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (sched_setaffinity(0, sizeof(one), &one))
            abort();
        while (number--) {
            pid_t child = fork();
            if (!child)
                _exit(0);
            if (waitpid(child, NULL, 0) != child)
                abort();
        }
        return 0;
    }
    if (!strcmp(mode, "short-threads")) {
        while (number--) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, spin_shortly, NULL))
                abort();
            pthread_join(thread, NULL);
        }
        return 0;
    }
    if (!strcmp(mode, "dying-threads")) {
        int i, threads = 2;
        pthread_barrier_init(&together, NULL, threads + 1);
        for (i = 0; i < threads; i++)
            start(burn_and_spin);
        pthread_barrier_wait(&together);
        return 0;
    }
    return 2;
}

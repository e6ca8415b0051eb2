/* A process that behaves as it was told, whatever its name and arguments are.

   init reads `cast` beside it, a line for each process, below its parent by two blanks:

       UID|KEY=NUMBER ...|ARGUMENT ...

   ARGUMENT 0 names the program, a link to this one. Keys: cpu (percent of a CPU), mem
   (MiB), leak (MiB more a second), threads, io (MiB written a second), port (to listen
   on), build (programs started a second), life_ms (0 for ever), code (exit code), crash
   (end by a segfault). They come on stdin, so that the arguments are those of the part that is
   played. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CYCLE_NS 20000000L
#define MOST_ARGUMENTS 32
#define MOST_LINES 64

static char *lines[MOST_LINES];
static int line_count;

static long told(const char *orders, const char *key) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%s=", key);
    const char *found = strstr(orders, wanted);
    return found ? atol(found + strlen(wanted)) : 0;
}

static long now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void rest_ns(long ns) {
    struct timespec rest = {ns / 1000000000L, ns % 1000000000L};
    nanosleep(&rest, NULL);
}

static void *burn(void *percent) {
    for (;;) {
        long busy_ns = CYCLE_NS / 100 * (long)percent;
        long end_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) + busy_ns;
        while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end_ns)
            for (volatile long n = 0; n < 20000; n++)
                ;
        rest_ns(busy_ns < CYCLE_NS ? CYCLE_NS - busy_ns : 0);
    }
    return NULL;
}

static void *idle(void *nothing) {
    pause();
    return nothing;
}

static void *write_out(void *mib_per_s) {
    char path[] = "/tmp/actor.XXXXXX";
    int file = mkstemp(path);
    unlink(path);
    static char block[1 << 20];
    for (;;) {
        for (long n = 0; n < (long)mib_per_s; n++)
            if (write(file, block, sizeof block) < 0)
                break;
        fdatasync(file);
        lseek(file, 0, SEEK_SET);
        rest_ns(900000000L);
    }
    return NULL;
}

static void *leak_memory(void *mib_per_s) {
    for (long length = (long)mib_per_s << 17;; rest_ns(125000000L))
        memset(malloc(length), 1, length);
    return NULL;
}

static void play(char **arguments, const char *orders) {
    int ends[2];
    char path[256];
    /* `nginx: worker process` is a title: the program is nginx. */
    int length = strcspn(arguments[0], ":");
    snprintf(path, sizeof path, "/srv/bin/%.*s", length, arguments[0]);
    if (pipe(ends) || write(ends[1], orders, strlen(orders)) < 0)
        _exit(1);
    close(ends[1]);
    dup2(ends[0], 0);
    close(ends[0]);
    execv(path, arguments);
    _exit(127);
}

static void *start_programs(void *per_s) {
    static const char *files[] = {"ledger", "rates", "tree", "query", "table", "meters"};
    for (long n = 0;; n++) {
        char source[64], orders[64];
        snprintf(source, sizeof source, "src/%s_%ld.cc", files[n % 6], n / 6 % 40);
        char *arguments[] = {"cc1plus", "-quiet", "-O2", "-std=c++20", source, NULL};
        snprintf(orders, sizeof orders, "cpu=100 mem=%ld life_ms=%ld code=%d",
                 20 + n % 50, 15 + n * 7 % 60, n % 23 == 22);
        if (fork() == 0)
            play(arguments, orders);
        rest_ns(1000000000L / (long)per_s);
    }
    return NULL;
}

static void listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0)
        listen(listener, 5);
}

static void act(const char *orders) {
    pthread_t thread;
    long life_ms = told(orders, "life_ms"), mem = told(orders, "mem") << 20;
    char *memory = malloc(mem);
    for (long n = 0; n < mem; n += 4096)
        memory[n] = 1;
    if (told(orders, "port"))
        listen_on(told(orders, "port"));
    for (long n = told(orders, "threads"); n > 0; n--)
        pthread_create(&thread, NULL, idle, NULL);
    if (told(orders, "leak"))
        pthread_create(&thread, NULL, leak_memory, (void *)told(orders, "leak"));
    if (told(orders, "io"))
        pthread_create(&thread, NULL, write_out, (void *)told(orders, "io"));
    if (told(orders, "build"))
        pthread_create(&thread, NULL, start_programs, (void *)told(orders, "build"));
    if (told(orders, "cpu"))
        pthread_create(&thread, NULL, burn, (void *)told(orders, "cpu"));
    if (life_ms)
        rest_ns(life_ms * 1000000L);
    else
        for (;;)
            pause();
    if (told(orders, "crash"))
        *(volatile int *)NULL = 0;
    exit(told(orders, "code"));
}

static int depth(const char *line) {
    return strspn(line, " ") / 2;
}

/* Start what stands below a line, one level deeper, each with all below it. */
static void start_below(int line, int level) {
    for (int n = line + 1; n < line_count && depth(lines[n]) >= level; n++) {
        if (depth(lines[n]) > level || fork() != 0)
            continue;
        start_below(n, level + 1);
        char *arguments[MOST_ARGUMENTS] = {NULL}, *rest = lines[n], *save = NULL, *word;
        long uid = atol(strsep(&rest, "|"));
        char *orders = strsep(&rest, "|");
        for (int count = 0; count < MOST_ARGUMENTS - 1; count++, rest = NULL)
            if ((word = strtok_r(rest, " \n", &save)))
                arguments[count] = word;
            else
                break;
        if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
            _exit(1);
        setsid();
        play(arguments, orders);
    }
}

int main(int count, char **arguments) {
    signal(SIGCHLD, SIG_IGN);
    const char *name = strrchr(arguments[0], '/');
    if (strcmp(name ? name + 1 : arguments[0], "init") == 0) {
        FILE *cast = fopen("/srv/cast", "r");
        char *line = NULL;
        size_t size = 0;
        while (line_count < MOST_LINES && getline(&line, &size, cast) > 0)
            lines[line_count++] = strdup(line);
        fclose(cast);
        start_below(-1, 0);
        for (;;)
            pause();
    }
    char orders[256] = "";
    if (count > 0 && read(0, orders, sizeof orders - 1) < 0)
        return 1;
    act(orders);
}

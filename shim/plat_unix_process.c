/* Unix: processes of their own, bells and deadlines. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job.h"
#include "plat_unix.h"

static int report_fd = -1;

int unix_above_streams(int fd)
{
    int moved;

    if (fd < 0 || fd > 2)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return moved;
}

static void close_between(int first, int last)
{
    struct rlimit limit;

    if (first > last || unix_close_range(first, last))
        return;
    /* Without the call: up to the limit, which is what a descriptor can be at most. */
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 65536)
        limit.rlim_cur = 65536;
    for (int fd = first; fd <= last && fd < (int)limit.rlim_cur; fd++)
        close(fd);
}

void unix_close_all_but(int keep_a, int keep_b)
{
    const int low = keep_a < keep_b ? keep_a : keep_b;
    const int high = keep_a < keep_b ? keep_b : keep_a;
    const int end = 0x7fffffff;
    int next = 3;

    if (low >= next) {
        close_between(next, low - 1);
        next = low + 1;
    }
    if (high >= next) {
        close_between(next, high - 1);
        next = high + 1;
    }
    close_between(next, end);
}

static void null_streams(void)
{
    int fd;

    for (int i = 0; i < 3; i++)
        close(i);
    /* The lowest free numbers come first: 0, then 1 and 2 as its copies. */
    fd = open("/dev/null", O_RDWR | O_NOCTTY);
    if (fd == 0) {
        (void)!dup(0);
        (void)!dup(0);
    }
}

static void set_all_signals(void (*handler)(int))
{
    sigset_t none;

    for (int sig = 1; sig <= UNIX_SIGNAL_MAX; sig++) {
        bool fault =
            sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT;
        if (!fault && sig != SIGCHLD && sig != SIGKILL && sig != SIGSTOP)
            signal(sig, handler);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void plat_hush(void)
{
    set_all_signals(SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    null_streams();
}

/* A new process on its own: of the caller's it keeps nothing but the two descriptors. */
static void cut_loose(int report, int watched)
{
    setsid();
    plat_hush();
    set_all_signals(SIG_DFL);
    /* These would end us where a call could say what is wrong. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    unix_close_all_but(report, watched);
    (void)!chdir("/");
    report_fd = report;
}

/* Waits for the report, at most ms; false: the other end closed or time is up. */
static bool await_report(int fd, unsigned ms, struct report *report)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    struct timespec start, now;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        long passed;
        int n;
        clock_gettime(CLOCK_MONOTONIC, &now);
        passed = (long)(now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        n = passed >= (long)ms ? 0 : poll(&poll_fd, 1, (int)((long)ms - passed));
        if (n < 0 && errno == EINTR)
            continue;
        /* A report is smaller than a pipe's guarantee for one undivided write. */
        return n > 0 && unix_read_full(fd, report, sizeof *report) == (ssize_t)sizeof *report;
    }
}

bool plat_detach(const struct job *job, unsigned wait_ms, struct report *report)
{
    int ends[2] = {-1, -1};
    bool reported = false;
    sigset_t all, mask;
    pid_t pid;

    *report = (struct report){.delivery = NOT_DELIVERED};
    snprintf(report->detail, sizeof report->detail, "gave up when the deadline had passed");
    if (wait_ms > 0 && (pipe(ends) != 0 || (ends[1] = unix_above_streams(ends[1])) < 0)) {
        snprintf(report->detail, sizeof report->detail, "cannot make a pipe: %s", strerror(errno));
        return false;
    }
    /* What the terminal sends before the new process is on its own waits, and is ignored there. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    pid = fork();
    if (pid == 0) {
        cut_loose(ends[1], job->watch ? (int)job->watched.handle : -1);
        job_run(job);
        _exit(0);
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (ends[1] >= 0)
        close(ends[1]);
    if (pid < 0)
        snprintf(report->detail, sizeof report->detail, "cannot make a process: %s",
                 strerror(errno));
    else if (wait_ms > 0)
        reported = await_report(ends[0], wait_ms, report);
    if (ends[0] >= 0)
        close(ends[0]);
    return reported;
}

void plat_report(const struct report *report)
{
    if (report_fd < 0)
        return;
    (void)!write(report_fd, report, sizeof *report);
    close(report_fd);
    report_fd = -1;
}

bool plat_spawn_delivery(const struct job *job)
{
    pid_t pid;

    signal(SIGCHLD, SIG_IGN); /* nobody awaits its end, and none stays as a zombie */
    pid = fork();
    if (pid == 0) {
        job_deliver(job);
        _exit(0);
    }
    if (pid > 0 && report_fd >= 0) {
        close(report_fd);
        report_fd = -1;
    }
    return pid > 0;
}

void plat_deadline(unsigned ms)
{
    suseconds_t rest = (suseconds_t)(ms % 1000) * 1000;
    struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = rest}};

    signal(SIGALRM, SIG_DFL); /* which ends the process, in whatever call it hangs */
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void bell_name(char name[PLAT_NAME_MAX], const char *run)
{
    snprintf(name, PLAT_NAME_MAX, "telemetry_runs/%.32s.bell", run);
}

/* A FIFO: one mechanism for every Unix, without the small limits that inotify has, and one that
 * no other user can ring. */
bool plat_bell_open(struct plat_bell *bell, struct place places[PLACES], const char *run)
{
    bell->handle = -1;
    bell_name(bell->name, run);
    for (int i = 0; i < PLACES && bell->handle < 0; i++) {
        int folder = (int)places[i].folder;
        if (folder < 0 || !places[i].usable || !unix_enter(&places[i]))
            continue;
        /* Open for writing too, or each ring's end would look like the end of all. */
        if (unix_make_fifo(folder, bell->name) == 0)
            bell->handle = openat(folder, bell->name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        bell->in = (enum place_kind)i;
        unix_leave(&places[i]);
    }
    return bell->handle >= 0;
}

static void ring(const struct place *place, const char *name)
{
    int fd = openat((int)place->folder, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
        (void)!write(fd, "", 1);
    else if (fd < 0 && errno == ENXIO)
        unlinkat((int)place->folder, name, 0); /* its watcher was killed */
    if (fd >= 0)
        close(fd);
}

void plat_bell_ring(const char *app, const char *run)
{
    char name[PLAT_NAME_MAX];
    struct place place;

    bell_name(name, run);
    for (int i = 0; i < PLACES; i++) {
        if (!unix_place_may_have((enum place_kind)i, app, name))
            continue;
        place_open(&place, (enum place_kind)i, app);
        if (place.folder >= 0 && unix_enter(&place)) {
            ring(&place, name);
            unix_leave(&place);
        }
        place_close(&place);
    }
}

void plat_bell_close(struct plat_bell *bell, struct place places[PLACES])
{
    if (bell->handle < 0)
        return;
    close((int)bell->handle);
    bell->handle = -1;
    place_remove(&places[bell->in], bell->name);
}

long plat_own_pid(void)
{
    return (long)getpid();
}

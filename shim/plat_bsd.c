/* macOS and FreeBSD: what their kernels answer alike. Sleeping is on a kqueue, which a fork()
 * does not hand down: a process is named by its number and its start until the watcher sleeps. */
#include <errno.h>
#include <stdio.h>
#include <sys/event.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include "plat_bsd.h"
#include "plat_unix.h"

#define ENTROPY_MAX 256 /* bytes that getentropy() gives at once */

bool unix_getrandom(void *out, size_t len)
{
    unsigned char *at = out;

    while (len > 0) {
        size_t part = len < ENTROPY_MAX ? len : ENTROPY_MAX;
        if (getentropy(at, part) != 0)
            return false;
        at += part;
        len -= part;
    }
    return true;
}

/* Thirty bits of the start time, enough to tell a number that is used again; below -1, so that
 * nobody takes it for a descriptor or for a process that has gone. -1: it has gone. */
static long fingerprint(pid_t pid)
{
    long long us;

    return bsd_start_time(pid, &us) ? -2 - (long)(us & 0x3fffffff) : -1;
}

bool plat_process_open(struct plat_process *process, long pid)
{
    bool parent = pid == 0;

    if (parent)
        pid = (long)getppid();
    process->pid = pid;
    process->handle = fingerprint((pid_t)pid);
    /* A parent that ended meanwhile may have left its number to another process. */
    if (parent && (long)getppid() != pid)
        process->handle = -1;
    return true;
}

bool plat_parent_token(char *out, size_t size)
{
    long long us;
    long pid = (long)getppid();

    if (!bsd_start_time((pid_t)pid, &us))
        us = 0; /* the number alone may hold a later run back, but never doubles one */
    snprintf(out, size, "parent %ld %lld", pid, us);
    return true;
}

bool plat_dies_with_installer(void)
{
    return false;
}

/* True when the bell has rung; *gone when the process has ended. ms: how long to wait. */
static bool has_rung(int queue, unsigned ms, bool *gone)
{
    struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    struct kevent events[2];
    int n;

    do {
        n = kevent(queue, NULL, 0, events, 2, &limit);
    } while (n < 0 && errno == EINTR);
    for (int i = 0; i < n; i++) {
        if (events[i].filter == EVFILT_READ)
            return true;
        *gone = true;
    }
    return false;
}

/* False: the process has gone already, or its number is another's by now. */
static bool attend(int queue, const struct plat_process *process, const struct plat_bell *bell)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)bell->handle, EVFILT_READ, EV_ADD, 0, 0, NULL);
    (void)kevent(queue, &change, 1, NULL, 0, NULL);
    EV_SET(&change, (uintptr_t)process->pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
    return kevent(queue, &change, 1, NULL, 0, NULL) == 0 &&
           fingerprint((pid_t)process->pid) == process->handle;
}

enum plat_wait plat_watch(const struct plat_process *process, const struct plat_bell *bell,
                          unsigned ms)
{
    bool gone, rung = false;
    int queue = kqueue();

    if (queue < 0)
        return PLAT_LIMIT;
    gone = process->handle == -1 || !attend(queue, process, bell);
    if (!gone)
        rung = has_rung(queue, ms, &gone);
    /* When both have happened, the outcome was stated before the end. An installer may also leave
     * its last word to a process of its own: give that one the time to say it. */
    if (gone && !rung)
        rung = has_rung(queue, PLAT_WATCH_GRACE_MS, &gone);
    close(queue);
    return rung ? PLAT_RUNG : gone ? PLAT_GONE : PLAT_LIMIT;
}

void plat_spare_packets(uintptr_t socket)
{
    (void)socket;
}

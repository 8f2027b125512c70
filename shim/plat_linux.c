/* Linux: what its kernel answers in its own way. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plat_unix.h"

/* Numbers that every architecture shares (include/uapi/asm-generic/unistd.h), for C libraries
 * whose headers are older than the call. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define RENAME_NEW 1 /* RENAME_NOREPLACE of linux/fs.h */

/* The initial namespace of processes has a fixed inode (PROC_PID_INIT_INO of linux/proc_ns.h):
 * there, the first process is no container's. */
#define INITIAL_PID_NAMESPACE "pid:[4026531836]"

bool unix_native_arch(char out[PLAT_NAME_MAX])
{
    (void)out;
    return false;
}

bool unix_getrandom(void *out, size_t len)
{
    long n;

    do {
        n = syscall(SYS_getrandom, out, len, 0);
    } while (n < 0 && errno == EINTR);
    return n == (long)len;
}

bool unix_close_range(int first, int last)
{
    return syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0;
}

int unix_rename_new(int folder, const char *from, const char *to)
{
    return (int)syscall(SYS_renameat2, folder, from, folder, to, RENAME_NEW);
}

int unix_make_fifo(int folder, const char *name)
{
    return mkfifoat(folder, name, 0600);
}

bool plat_process_open(struct plat_process *process, long pid)
{
    bool parent = pid == 0;

    if (parent)
        pid = (long)getppid();
    process->pid = pid;
    process->handle = syscall(SYS_pidfd_open, pid, 0);
    if (process->handle < 0)
        return errno == ESRCH;
    process->handle = unix_above_streams((int)process->handle);
    if (process->handle < 0)
        return false;
    /* A parent that ended meanwhile may have left its number to another process. */
    if (parent && (long)getppid() != pid) {
        close((int)process->handle);
        process->handle = -1;
    }
    return true;
}

static bool read_text(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = unix_read_full(fd, out, size - 1);
    close(fd);
    if (n <= 0)
        return false;
    out[n] = '\0';
    return true;
}

/* The field of /proc/<pid>/stat with this number, counted from 1 as in proc(5); 4 is the parent,
 * 22 the start time. Empty when there is none. */
static void stat_field(const char *process, int number, char *out, size_t size)
{
    char path[48], text[1024];
    char *at;

    out[0] = '\0';
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    if (!read_text(path, text, sizeof text))
        return;
    at = strrchr(text, ')'); /* the name before it may hold anything */
    for (int field = 2; at != NULL && field < number; field++)
        at = strchr(at + 1, ' ');
    if (at != NULL)
        snprintf(out, size, "%.*s", (int)strcspn(at + 1, " \n"), at + 1);
}

bool plat_parent_token(char *out, size_t size)
{
    char parent[24], start[24], boot[40];

    stat_field("self", 4, parent, sizeof parent);
    stat_field(parent[0] != '\0' ? parent : "0", 22, start, sizeof start);
    if (start[0] == '\0') {
        /* No /proc: the number alone may hold a later run back, but never doubles one. */
        snprintf(out, size, "parent %ld", (long)getppid());
        return true;
    }
    if (!read_text("/proc/sys/kernel/random/boot_id", boot, sizeof boot))
        boot[0] = '\0';
    snprintf(out, size, "parent %s %s %s", parent, start, boot);
    return true;
}

/* The number that a process has in its own namespace: the last one of its NSpid line. */
static long inner_number(const char *process)
{
    char path[48], text[4096];
    char *line, *last;

    snprintf(path, sizeof path, "/proc/%s/status", process);
    if (!read_text(path, text, sizeof text))
        return 0;
    line = strstr(text, "\nNSpid:");
    if (line == NULL)
        return 0;
    line++;
    line[strcspn(line, "\n")] = '\0';
    last = strrchr(line, '\t');
    return last == NULL ? 0 : strtol(last + 1, NULL, 10);
}

bool plat_dies_with_installer(void)
{
    char namespace[64], parent[24], grandparent[24];
    ssize_t n;

    if (getpid() == 1)
        return true;
    n = readlink("/proc/self/ns/pid", namespace, sizeof namespace - 1);
    if (n < 0)
        return getppid() == 1;
    namespace[n] = '\0';
    if (strcmp(namespace, INITIAL_PID_NAMESPACE) == 0)
        return false;
    if (getppid() == 1)
        return true;
    /* /proc may count as an outer namespace does: follow its numbers, compare the inner ones. */
    stat_field("self", 4, parent, sizeof parent);
    stat_field(parent[0] != '\0' ? parent : "0", 4, grandparent, sizeof grandparent);
    return grandparent[0] != '\0' && inner_number(grandparent) == 1;
}

void plat_spare_packets(uintptr_t socket)
{
    int off = 0;
    (void)setsockopt((int)socket, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
}

enum plat_wait plat_watch(const struct plat_process *process, const struct plat_bell *bell,
                          unsigned ms)
{
    struct pollfd fds[2] = {{.fd = (int)process->handle, .events = POLLIN},
                            {.fd = (int)bell->handle, .events = POLLIN}};
    int n;

    if (process->handle < 0)
        return PLAT_GONE;
    do {
        n = poll(fds, 2, (int)ms);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return PLAT_LIMIT;
    /* When both have happened, the outcome was stated before the end. An installer may also leave
     * its last word to a process of its own (install.sh does, so as to wait for nothing): give
     * that one the time to say it. */
    if (fds[1].revents == 0)
        poll(&fds[1], 1, PLAT_WATCH_GRACE_MS);
    return fds[1].revents != 0 ? PLAT_RUNG : PLAT_GONE;
}

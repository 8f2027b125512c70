/* FreeBSD: what its kernel answers in its own way. */
#include <errno.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <unistd.h>

#include "plat_bsd.h"
#include "plat_unix.h"

bool unix_native_arch(char out[PLAT_NAME_MAX])
{
    (void)out;
    return false;
}

bool unix_close_range(int first, int last)
{
    return close_range((unsigned)first, (unsigned)last, 0) == 0;
}

int unix_rename_new(int folder, const char *from, const char *to)
{
    (void)folder;
    (void)from;
    (void)to;
    errno = ENOSYS;
    return -1;
}

int unix_make_fifo(int folder, const char *name)
{
    return mkfifoat(folder, name, 0600);
}

bool bsd_start_time(pid_t pid, long long *us)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
    struct kinfo_proc info;
    size_t size = sizeof info;

    if (sysctl(name, 4, &info, &size, NULL, 0) != 0 || size != sizeof info)
        return false;
    *us = (long long)info.ki_start.tv_sec * 1000000 + info.ki_start.tv_usec;
    return true;
}

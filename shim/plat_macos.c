/* macOS: what its kernel answers in its own way. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "plat_bsd.h"
#include "plat_unix.h"

static bool is_set(const char *name)
{
    int value = 0;
    size_t size = sizeof value;

    return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}

/* Under Rosetta uname() tells of the machine that is emulated. */
bool unix_native_arch(char out[PLAT_NAME_MAX])
{
    if (!is_set("hw.optional.arm64") && !is_set("sysctl.proc_translated"))
        return false;
    snprintf(out, PLAT_NAME_MAX, "arm64");
    return true;
}

bool unix_close_range(int first, int last)
{
    (void)first;
    (void)last;
    return false;
}

int unix_rename_new(int folder, const char *from, const char *to)
{
    return renameatx_np(folder, from, folder, to, RENAME_EXCL);
}

/* mkfifoat() came with macOS 13. Only a watcher gets here, a process of its own in the folder "/".
 */
int unix_make_fifo(int folder, const char *name)
{
    int made = fchdir(folder) == 0 ? mkfifo(name, 0600) : -1;

    (void)!chdir("/");
    return made;
}

bool bsd_start_time(pid_t pid, long long *us)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
    struct kinfo_proc info;
    size_t size = sizeof info;

    /* Without such a process the call succeeds and gives nothing. */
    if (sysctl(name, 4, &info, &size, NULL, 0) != 0 || size == 0)
        return false;
    *us = (long long)info.kp_proc.p_starttime.tv_sec * 1000000 + info.kp_proc.p_starttime.tv_usec;
    return true;
}

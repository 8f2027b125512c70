/* Unix: the machine, the environment and files that somebody else names. */
#include "plat.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "plat_unix.h"

const char plat_separator = '/';

int main(int argc, char **argv)
{
    return footfall_main(argc, argv);
}

void plat_os(char out[PLAT_NAME_MAX])
{
    struct utsname name;

    snprintf(out, PLAT_NAME_MAX, "%.63s", uname(&name) == 0 ? name.sysname : "unknown");
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

void plat_arch(char out[PLAT_NAME_MAX])
{
    struct utsname name;

    if (unix_native_arch(out))
        return;
    snprintf(out, PLAT_NAME_MAX, "%.63s", uname(&name) == 0 ? name.machine : "unknown");
}

const char *plat_env(const char *name)
{
    return getenv(name);
}

bool plat_set_env(const char *name, const char *value)
{
    return setenv(name, value, 1) == 0;
}

ssize_t unix_read_full(int fd, void *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, (char *)buf + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

bool plat_random(void *out, size_t len)
{
    int fd;
    bool ok;

    if (unix_getrandom(out, len))
        return true;
    /* An old kernel, or a sandbox that refuses the call. */
    fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    ok = unix_read_full(fd, out, len) == (ssize_t)len;
    close(fd);
    return ok;
}

bool plat_absolute(const char *path, char out[PLAT_PATH_MAX])
{
    char folder[PLAT_PATH_MAX];
    int n;

    if (path[0] == '/')
        n = snprintf(out, PLAT_PATH_MAX, "%s", path);
    else if (getcwd(folder, sizeof folder) != NULL)
        n = snprintf(out, PLAT_PATH_MAX, "%s/%s", folder, path);
    else
        return false;
    return n >= 0 && n < PLAT_PATH_MAX;
}

unsigned char *plat_read_file(const char *path, size_t max, size_t *len)
{
    /* A FIFO in the place of a file must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    unsigned char *bytes = NULL;
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && (size_t)st.st_size <= max)
        bytes = malloc((size_t)st.st_size + 1);
    if (bytes != NULL)
        n = unix_read_full(fd, bytes, (size_t)st.st_size);
    close(fd);
    if (n < 0) {
        free(bytes);
        return NULL;
    }
    *len = (size_t)n;
    return bytes;
}

bool plat_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool plat_fleet_file(size_t n, const char *app, char out[PLAT_PATH_MAX])
{
    if (n > 1)
        return false;
    snprintf(out, PLAT_PATH_MAX, "/etc/%s/no-telemetry", n == 0 ? app : "footfall");
    return true;
}

/* Not strftime(), which brings locales and time zones: 7 kB. The remainders tell the compiler how
 * wide a number can be. */
void plat_utc(char out[24])
{
    time_t now = time(NULL);
    struct tm tm;

    out[0] = '\0';
    if (gmtime_r(&now, &tm) == NULL)
        return;
    snprintf(out, 24, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

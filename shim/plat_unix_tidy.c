/* Unix: the lock of a place, and what is removed from it in passing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plat_unix.h"

/* flock() ends with the process that holds it, however that ends. Not waited for without limit:
 * whoever holds it for long is stuck, not busy. */
bool place_lock(struct place *place)
{
    const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};

    if (place->folder < 0)
        return false;
    for (int tries = 0; tries < 250 && !place->locked; tries++) {
        if (flock((int)place->folder, LOCK_EX | LOCK_NB) == 0)
            place->locked = true;
        else if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        else
            nanosleep(&pause, NULL);
    }
    return place->locked;
}

void place_unlock(struct place *place)
{
    if (place->locked)
        flock((int)place->folder, LOCK_UN);
    place->locked = false;
}

static bool is_temporary(const char *name)
{
    size_t len = strlen(name);
    return len > 14 && memcmp(name, "telemetry_", 10) == 0 &&
           memcmp(name + len - 4, ".tmp", 4) == 0;
}

static bool is_older(int folder, const char *name, long seconds)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
           st.st_mtime < time(NULL) - seconds;
}

/* Removes from a folder what is older; or, with seconds below 0, what is temporary. */
static void sweep(int at, const char *name, long seconds)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL)
        if (seconds < 0 ? is_temporary(entry->d_name) : is_older(fd, entry->d_name, seconds))
            unlinkat(fd, entry->d_name, 0);
    closedir(dir);
}

void place_prune(struct place *place, const char *folder, long seconds)
{
    if (place->folder < 0 || !place->usable || !unix_enter(place))
        return;
    sweep((int)place->folder, folder, seconds);
    if (place_lock(place)) {
        sweep((int)place->folder, ".", -1);
        place_unlock(place);
    }
    unix_leave(place);
}

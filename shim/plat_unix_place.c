/* Unix: places. Everything is done relative to an open folder, so that nobody can swap a folder
 * under our hands, and as the folder's owner, so that root leaves nothing of its own in a
 * user's home. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plat_unix.h"

#ifndef O_SEARCH
#define O_SEARCH O_RDONLY /* a system that cannot open a folder without reading it */
#endif

bool unix_enter(const struct place *place)
{
    if (place->owner == (long)geteuid())
        return true;
    if (setegid((gid_t)place->group) != 0)
        return false;
    if (seteuid((uid_t)place->owner) == 0)
        return true;
    (void)!setegid(getgid());
    return false;
}

void unix_leave(const struct place *place)
{
    int saved = errno;

    if (place->owner != (long)getuid()) {
        (void)!seteuid(getuid());
        (void)!setegid(getgid());
    }
    errno = saved;
}

/* The folder that a place's own folder is made in. */
static bool find_above(enum place_kind kind, const char **above)
{
    const char *other = getenv("TMPDIR");

    if (kind == PLACE_HOME) {
        *above = getenv("HOME");
        /* Services and containers without a home say "/"; nobody's files belong there. */
        return *above != NULL && (*above)[0] == '/' && (*above)[strspn(*above, "/")] != '\0';
    }
    /* All calls of a run must find the same one, and TMPDIR may change between them. */
    *above = "/tmp";
    if (access(*above, W_OK | X_OK) != 0 && other != NULL && other[0] == '/' &&
        access(other, W_OK | X_OK) == 0)
        *above = other;
    return true;
}

/* Errors that mean there is nothing; after any other nobody can tell what is there. */
static bool means_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

/* Opens the folder itself when it is there. One that belongs to somebody else can be looked into
 * but is not to be written to. In the temporary folder, where anybody may have been first, it is
 * not there for us, as one that others can write to, and no link is followed; in a home a link is
 * its owner's wish. */
static void open_folder(struct place *place)
{
    const bool in_home = place->name[0] == '.';
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (in_home ? 0 : O_NOFOLLOW);
    struct stat st;

    place->folder = openat((int)place->above, place->name, flags);
    if (place->folder < 0) {
        place->usable = errno == ENOENT;
        place->sealed = !means_absent(errno);
        return;
    }
    place->usable = fstat((int)place->folder, &st) == 0 && (long)st.st_uid == place->owner &&
                    (in_home || (st.st_mode & 022) == 0);
    if (!in_home && !place->usable) {
        close((int)place->folder);
        place->folder = -1;
    }
}

/* False: there is no such place. */
static bool name_place(struct place *place, enum place_kind kind, const char *app,
                       const char **above)
{
    if (!find_above(kind, above))
        return false;
    if (kind == PLACE_HOME)
        snprintf(place->name, sizeof place->name, ".%s", app);
    else
        snprintf(place->name, sizeof place->name, "footfall-%ld-%s", (long)geteuid(), app);
    return snprintf(place->path, sizeof place->path, "%s/%s", *above, place->name) < PLAT_PATH_MAX;
}

bool unix_place_may_have(enum place_kind kind, const char *app, const char *name)
{
    char file[PLAT_PATH_MAX + PLAT_NAME_MAX];
    struct place place;
    const char *above;

    if (!name_place(&place, kind, app, &above))
        return false;
    snprintf(file, sizeof file, "%s/%s", place.path, name);
    return plat_exists(file);
}

void place_open(struct place *place, enum place_kind kind, const char *app)
{
    const char *above;
    struct stat st;

    memset(place, 0, sizeof *place);
    place->folder = place->above = -1;
    if (!name_place(place, kind, app, &above))
        return;
    place->above = open(above, O_SEARCH | O_DIRECTORY | O_CLOEXEC);
    if (place->above < 0 || fstat((int)place->above, &st) != 0) {
        /* A home that keeps us out is somebody else's; what it holds was not meant for us. */
        place->sealed = !means_absent(errno) && errno != EACCES;
        return;
    }
    place->owner = (long)geteuid();
    place->group = (long)getegid();
    if (kind == PLACE_HOME && place->owner == 0 && st.st_uid != 0) {
        place->owner = (long)st.st_uid;
        place->group = (long)st.st_gid;
    }
    if (!unix_enter(place)) {
        place->sealed = true;
        return;
    }
    open_folder(place);
    unix_leave(place);
}

void place_close(struct place *place)
{
    place_unlock(place);
    if (place->folder >= 0)
        close((int)place->folder);
    if (place->above >= 0)
        close((int)place->above);
    place->folder = place->above = -1;
    place->usable = false;
}

bool place_make(struct place *place)
{
    if (!place->usable || place->folder >= 0)
        return place->usable;
    if (!unix_enter(place))
        return false;
    if (mkdirat((int)place->above, place->name, 0700) == 0) {
        /* Whatever the umask took away. */
        (void)!fchmodat((int)place->above, place->name, 0700, 0);
        open_folder(place);
    } else if (errno == EEXIST) {
        open_folder(place);
    } else {
        place->usable = false;
    }
    unix_leave(place);
    if (place->folder < 0)
        place->usable = false;
    return place->usable;
}

static bool is_own_file(const struct place *place, const struct stat *st)
{
    return S_ISREG(st->st_mode) && (long)st->st_uid == place->owner;
}

static enum place_read get(const struct place *place, const char *name, unsigned char *buf,
                           size_t *len)
{
    int folder = (int)place->folder;
    struct stat st;
    ssize_t n;
    int fd;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return means_absent(errno) ? PLACE_ABSENT : PLACE_REFUSED;
    if (!is_own_file(place, &st))
        return PLACE_REFUSED;
    /* It may have become something else since: open so that nothing waits, and look again. */
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? PLACE_ABSENT : PLACE_REFUSED;
    n = fstat(fd, &st) == 0 && is_own_file(place, &st) ? unix_read_full(fd, buf, *len) : -1;
    close(fd);
    if (n < 0)
        return PLACE_REFUSED;
    *len = (size_t)n;
    return PLACE_READ;
}

enum place_read place_get(const struct place *place, const char *name, unsigned char *buf,
                          size_t *len)
{
    enum place_read found;

    if (place->folder < 0)
        return place->sealed ? PLACE_REFUSED : PLACE_ABSENT;
    if (!unix_enter(place))
        return PLACE_REFUSED;
    found = get(place, name, buf, len);
    unix_leave(place);
    return found;
}

/* link() is the one way to publish without replacing that every Unix has; file systems that
 * refuse it mostly know the kernel's own way, which also leaves nothing behind when killed. */
static enum place_put publish_new(int folder, const char *from, const char *to)
{
    if (unix_rename_new(folder, from, to) == 0)
        return PLACE_PUT;
    if (errno != EEXIST && linkat(folder, from, folder, to, 0) == 0) {
        unlinkat(folder, from, 0);
        return PLACE_PUT;
    }
    return errno == EEXIST ? PLACE_TAKEN : PLACE_FAILED;
}

static bool write_file(int folder, const char *name, const void *data, size_t len)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0)
        return false;
    ok = fchmod(fd, 0600) == 0 && write(fd, data, len) == (ssize_t)len;
    /* Some file systems report a full disk at the end. */
    return close(fd) == 0 && ok;
}

static enum place_put publish(struct place *place, const char *name, const void *data, size_t len,
                              enum place_mode mode)
{
    int folder = (int)place->folder;
    enum place_put put = PLACE_FAILED;
    unsigned char random[8];
    char temporary[PLAT_NAME_MAX];

    if (!plat_random(random, sizeof random))
        return PLACE_FAILED;
    snprintf(temporary, sizeof temporary, "telemetry_%02x%02x%02x%02x%02x%02x%02x%02x.tmp",
             random[0], random[1], random[2], random[3], random[4], random[5], random[6],
             random[7]);
    if (write_file(folder, temporary, data, len)) {
        if (mode == PLACE_NEW)
            put = publish_new(folder, temporary, name);
        else if (renameat(folder, temporary, folder, name) == 0)
            put = PLACE_PUT;
    }
    if (put != PLACE_PUT)
        unlinkat(folder, temporary, 0);
    return put;
}

/* Temporary files are written under the lock: who holds it may remove what the dead have left. */
enum place_put place_publish(struct place *place, const char *name, const void *data, size_t len,
                             enum place_mode mode)
{
    enum place_put put = PLACE_FAILED;
    bool mine;

    if (!place_make(place))
        return PLACE_FAILED;
    mine = !place->locked && place_lock(place);
    if (unix_enter(place)) {
        put = publish(place, name, data, len, mode);
        unix_leave(place);
    }
    if (mine)
        place_unlock(place);
    return put;
}

/* Creates the sub-folder that a name's slash asks for. */
static void make_folder_of(int folder, const char *name)
{
    const char *slash = strchr(name, '/');
    char sub[PLAT_NAME_MAX];

    if (slash == NULL || (size_t)(slash - name) >= sizeof sub)
        return;
    memcpy(sub, name, (size_t)(slash - name));
    sub[slash - name] = '\0';
    if (mkdirat(folder, sub, 0700) == 0)
        (void)!fchmodat(folder, sub, 0700, 0);
}

enum place_put place_claim(struct place *place, const char *name)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd, error;

    if (!place_make(place) || !unix_enter(place))
        return PLACE_FAILED;
    fd = openat((int)place->folder, name, flags, 0600);
    if (fd < 0 && errno == ENOENT) {
        make_folder_of((int)place->folder, name);
        fd = openat((int)place->folder, name, flags, 0600);
    }
    error = errno;
    unix_leave(place);
    if (fd < 0)
        return error == EEXIST ? PLACE_TAKEN : PLACE_FAILED;
    close(fd);
    return PLACE_PUT;
}

bool place_writable(const struct place *place)
{
    char folder[PLAT_PATH_MAX];

    memcpy(folder, place->path, sizeof folder);
    if (place->usable && place->folder < 0)
        *strrchr(folder, '/') = '\0';
    return place->usable && access(folder, W_OK | X_OK) == 0;
}

bool place_has(const struct place *place, const char *name)
{
    struct stat st;
    bool there;

    if (place->folder < 0 || !unix_enter(place))
        return false;
    there = fstatat((int)place->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    unix_leave(place);
    return there;
}

bool place_remove(const struct place *place, const char *name)
{
    bool gone;

    if (place->folder < 0 || !unix_enter(place))
        return false;
    gone = unlinkat((int)place->folder, name, 0) == 0;
    unix_leave(place);
    return gone;
}

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_kernel.h"

static const char *folder_of(const char *file, char buffer[4096])
{
    snprintf(buffer, 4096, "%s", file);
    return dirname(buffer);
}

static bool keep_capabilities(uint32_t which)
{
    struct sandbox_cap_header header = {.version = SANDBOX_CAP_VERSION};
    struct sandbox_cap_data sets[2] = {{.effective = which, .permitted = which}};

    return syscall(SYS_capset, &header, sets) == 0;
}

static void drop_bounding_set(void)
{
    for (unsigned long cap = 0; cap < 64; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static bool become(uid_t uid, gid_t gid, const char *name)
{
    if ((name != NULL ? initgroups(name, gid) : setgroups(0, NULL)) != 0)
        return false;
    return setgid(gid) == 0 && setuid(uid) == 0 && setuid(0) != 0;
}

/* A folder of root's lets nobody else write, so the file system goes on seeing root as the owner
 * of its own files, and that is all that is left of it: user, group and powers are gone, with no
 * way back. */
static bool become_nobody_but_for_files(void)
{
    struct passwd *nobody = getpwnam("nobody");
    uid_t uid = nobody != NULL ? nobody->pw_uid : SANDBOX_NOBODY;
    gid_t gid = nobody != NULL ? nobody->pw_gid : SANDBOX_NOBODY;

    drop_bounding_set();
    if (setgroups(0, NULL) != 0 || setgid(gid) != 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
        setuid(uid) != 0)
        return false;
    if (!keep_capabilities(SANDBOX_CAP_SETUID))
        return false;
    setfsuid(0);
    return keep_capabilities(0) && setfsuid((uid_t)-1) == 0 && setuid(0) != 0;
}

/* Root of a container without powers, or of a name space with a single user, can become nobody
 * else; it is root in name only. */
static bool keep_nothing_but_files(void)
{
    if (become_nobody_but_for_files())
        log_line(LOG_WARN, "started as root: is nobody now, but for files; set `user` to another",
                 NULL);
    else if (keep_capabilities(0))
        log_line(LOG_WARN, "started as root in name only; set `user` to another", NULL);
    else
        return false;
    return true;
}

bool sandbox_drop_root(const char *user, const char *file, char message[CONFIG_MESSAGE_MAX])
{
    char buffer[4096];
    struct stat st;
    struct passwd *entry = NULL;
    bool ok;

    if (geteuid() != 0)
        return true;
    if (user[0] != '\0' && (entry = getpwnam(user)) == NULL) {
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "user \"%.64s\" does not exist; name another in `user`", user);
        return false;
    }
    if (entry != NULL && entry->pw_uid != 0)
        ok = become(entry->pw_uid, entry->pw_gid, entry->pw_name);
    else if (entry == NULL && stat(folder_of(file, buffer), &st) == 0 && st.st_uid != 0)
        ok = become(st.st_uid, st.st_gid, NULL);
    else
        ok = keep_nothing_but_files();
    if (!ok)
        snprintf(message, CONFIG_MESSAGE_MAX, "cannot stop being root: %s", strerror(errno));
    return ok;
}

/* Nothing is created, changed or run outside the store's folder; reading stays free, as name
 * resolution and certificates need it. */
static bool restrict_files(const char *file)
{
    struct sandbox_ruleset rules = {.handled = SANDBOX_WRITES};
    struct sandbox_beneath folder = {.allowed = SANDBOX_STORE};
    char buffer[4096];
    long abi = syscall(SANDBOX_SYS_CREATE, NULL, 0, SANDBOX_ASK_VERSION);
    int set = -1, parent = -1;
    bool ok = false;

    if (abi < 1)
        return false;
    if (abi < 2) {
        rules.handled &= ~(uint64_t)SANDBOX_REFER;
        folder.allowed &= ~(uint64_t)SANDBOX_REFER;
    }
    if (abi < 3) {
        rules.handled &= ~(uint64_t)SANDBOX_TRUNCATE;
        folder.allowed &= ~(uint64_t)SANDBOX_TRUNCATE;
    }
    set = (int)syscall(SANDBOX_SYS_CREATE, &rules, sizeof rules, 0);
    parent = open(folder_of(file, buffer), O_PATH | O_DIRECTORY | O_CLOEXEC);
    folder.parent = parent;
    if (set >= 0 && parent >= 0 &&
        syscall(SANDBOX_SYS_ADD, set, SANDBOX_RULE_BENEATH, &folder, 0) == 0)
        ok = syscall(SANDBOX_SYS_RESTRICT, set, 0) == 0;
    if (parent >= 0)
        close(parent);
    if (set >= 0)
        close(set);
    return ok;
}

void sandbox_enter(const char *file)
{
    bool files, calls;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core files: they would hold ids and addresses */
    files = restrict_files(file);
    calls = sandbox_restrict_calls();
    log_line(LOG_INFO, "sandbox", "landlock", files ? "yes" : "no", "seccomp", calls ? "yes" : "no",
             NULL);
}

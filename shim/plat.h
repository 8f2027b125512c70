/* What Footfall asks of an operating system. plat_unix*.c and plat_win*.c answer; nothing else
 * knows which system it runs on. Every function says what it returns when the system refuses. */
#ifndef FOOTFALL_PLAT_H
#define FOOTFALL_PLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct report;

/* ---- the machine and the environment ---- */

#define PLAT_NAME_MAX 64   /* bytes, with the NUL */
#define PLAT_PATH_MAX 4096 /* bytes, with the NUL */

/* The kernel's name in lower case ("linux") and the native machine as the system spells it
 * ("x86_64"), also under emulation; "unknown" when the system does not say. */
void plat_os(char out[PLAT_NAME_MAX]);
void plat_arch(char out[PLAT_NAME_MAX]);

/* Asks that what arrives on a socket, still to be connected, be acknowledged by what is said next,
 * not by a packet of its own. No promise: a system that cannot do so stays as it is. */
void plat_spare_packets(uintptr_t socket);

/* The value of an environment variable, UTF-8, or NULL. Stays valid until the program ends. */
const char *plat_env(const char *name);
bool plat_set_env(const char *name, const char *value);

/* Fills out from the system's random generator. False: there is none, out must not be used. */
bool plat_random(void *out, size_t len);

/* Stands between a folder and what is in it, where people read it. */
extern const char plat_separator;

/* Makes a path that still means the same after a change of folder. False: it does not fit. */
bool plat_absolute(const char *path, char out[PLAT_PATH_MAX]);

/* Reads a whole file that the caller or the system names, following links; NULL when it cannot be
 * read or holds more than max bytes. The caller frees it. */
unsigned char *plat_read_file(const char *path, size_t max, size_t *len);

/* True when the path exists, whatever it is, or when nobody can tell. */
bool plat_exists(const char *path);

/* The n-th file that switches telemetry off for the whole machine; false when there is no n-th. */
bool plat_fleet_file(size_t n, const char *app, char out[PLAT_PATH_MAX]);

/* The current time, UTC, as 2026-01-31T23:59:59Z. */
void plat_utc(char out[24]);

/* ---- places: folders of one user's own, in the home or the temporary folder ----
 *
 * A place may not exist yet; reading from it then finds nothing and creates nothing. Names may
 * hold one slash. No link in the last step is followed and nothing but plain files of the
 * folder's owner is opened. */

enum place_kind {
    PLACE_HOME, /* ~/.<app> */
    PLACE_TEMP, /* for what must be remembered for the length of a run when home cannot hold it */
    PLACES
};

struct place {
    bool usable;              /* false: nothing can be written there */
    bool sealed;              /* the folder is there and cannot be looked into */
    bool locked;              /* by this process */
    long folder;              /* handle of the folder, or -1 while it does not exist */
    long above;               /* handle of the folder it is made in, or -1 */
    long owner, group;        /* whose it is: as root, the user whose home it is */
    char name[128];           /* the folder's name within the one above */
    char path[PLAT_PATH_MAX]; /* for people; "" when there is no such place */
};

enum place_read {
    PLACE_READ,
    PLACE_ABSENT,
    PLACE_REFUSED /* there, but not readable as a plain file */
};
enum place_put { PLACE_PUT, PLACE_TAKEN /* somebody was first */, PLACE_FAILED };
enum place_mode { PLACE_NEW /* never replaces */, PLACE_REPLACE };

/* Finds a place without creating anything. Close with place_close(). */
void place_open(struct place *place, enum place_kind kind, const char *app);
void place_close(struct place *place);

/* Creates the folder, for its owner alone, where it is missing. */
bool place_make(struct place *place);

/* len: in, bytes that fit into buf; out, bytes read, at most that many. */
enum place_read place_get(const struct place *place, const char *name, unsigned char *buf,
                          size_t *len);

/* Writes a whole file or none of it, readable for its owner alone, whoever interrupts. */
enum place_put place_publish(struct place *place, const char *name, const void *data, size_t len,
                             enum place_mode mode);

/* Creates an empty file that must not exist yet; of many callers one alone gets PLACE_PUT. */
enum place_put place_claim(struct place *place, const char *name);

/* False: nothing can be put there, as far as that can be told without doing it. */
bool place_writable(const struct place *place);

bool place_has(const struct place *place, const char *name);
bool place_remove(const struct place *place, const char *name);

/* Removes files of a sub-folder that are older than this, and temporary files left by the dead. */
void place_prune(struct place *place, const char *folder, long seconds);

/* Keeps other processes out of place_lock() until place_unlock(), the end of this process or half
 * a second. False: not to be had; work without. */
bool place_lock(struct place *place);
void place_unlock(struct place *place);

/* ---- processes ---- */

/* The process that a watcher sleeps on. */
struct plat_process {
    long handle; /* -1: it has gone already */
    long pid;
};

/* pid 0 stands for the parent. A process that has gone is opened as such. False: the system
 * cannot wait for a process that is no child. */
bool plat_process_open(struct plat_process *process, long pid);

/* Names the run that the caller's parent process stands for: its number and start time, so that a
 * number used again is another run. False: unknown. */
bool plat_parent_token(char *out, size_t size);

/* True where this process and all it starts end together with the installer: it is, or is a child
 * of, the first process of a container. */
bool plat_dies_with_installer(void);

/* A bell rings for a watcher: "the outcome has been stated". */
struct plat_bell {
    long handle; /* -1: none */
    enum place_kind in;
    char name[PLAT_NAME_MAX];
};
bool plat_bell_open(struct plat_bell *bell, struct place places[PLACES], const char *run);
/* Where there is no bell nothing is touched. */
void plat_bell_ring(const char *app, const char *run);
void plat_bell_close(struct plat_bell *bell, struct place places[PLACES]);

enum plat_wait { PLAT_GONE, PLAT_RUNG, PLAT_LIMIT };
#define PLAT_WATCH_GRACE_MS 1000 /* between the end of the installer and calling that a failure */
/* Sleeps until the process has gone, the bell rings or ms milliseconds have passed. */
enum plat_wait plat_watch(const struct plat_process *process, const struct plat_bell *bell,
                          unsigned ms);

/* Runs job_run(job) in a process of its own that nobody waits for: own session, standard streams
 * on the null device, no descriptor or handle of the caller's. When wait_ms is not 0, waits so
 * long for a report; returns false when none came (or the process could not be made: then
 * report->detail says so). */
bool plat_detach(const struct job *job, unsigned wait_ms, struct report *report);

/* Within a detached process: hands the report to whoever waits for it. */
void plat_report(const struct report *report);

/* Within a detached process: runs job_deliver(job) in one more process, whose end nobody awaits. */
bool plat_spawn_delivery(const struct job *job);

/* This process ends, silently, when so many milliseconds have passed; 0 calls it off. */
void plat_deadline(unsigned ms);

/* Shuts this process off from its caller: standard streams go to the null device, and no signal
 * that can be caught ends it. */
void plat_hush(void);

/* The number of this process. */
long plat_own_pid(void);

/* Runs a command with the caller's streams, terminal and signals and returns the exit status to
 * hand on: its own, 128+N for a signal, 127 not found, 126 not executable. */
int plat_run(char **command);

/* The program, with arguments in UTF-8; each system's own main() calls it. */
int footfall_main(int argc, char **argv);

#endif

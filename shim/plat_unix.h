/* What the Unix files share with each other, and what each kernel answers in its own way
 * (plat_linux.c, plat_bsd.c). Included by plat_*.c alone. */
#ifndef FOOTFALL_PLAT_UNIX_H
#define FOOTFALL_PLAT_UNIX_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "plat.h"

/* The highest signal there is, real-time signals included. */
#ifdef SIGRTMAX
#define UNIX_SIGNAL_MAX SIGRTMAX
#else
#define UNIX_SIGNAL_MAX (NSIG - 1)
#endif

/* read() until len bytes or the end; -1 on an error. */
ssize_t unix_read_full(int fd, void *buf, size_t len);

/* Moves a descriptor out of the way of the standard streams, where these were closed: its new
 * number, or -1, and it is closed. */
int unix_above_streams(int fd);

/* Closes every descriptor from 3 on but these (-1: none). */
void unix_close_all_but(int keep_a, int keep_b);

/* False: there is no such file in the place, which is not opened to find out. */
bool unix_place_may_have(enum place_kind kind, const char *app, const char *name);

/* Between these two, we act as the place's owner where that is not us: only as root. Not to be
 * nested. False: the system refuses. */
bool unix_enter(const struct place *place);
void unix_leave(const struct place *place);

/* ---- answered by the kernel's own file ---- */

/* The native machine where uname() does not tell; false where it does. */
bool unix_native_arch(char out[PLAT_NAME_MAX]);

bool unix_getrandom(void *out, size_t len);

/* Closes a range of descriptors at once; false: do it one by one. */
bool unix_close_range(int first, int last);

/* rename() that fails with EEXIST instead of replacing; ENOSYS or EINVAL: not to be had. */
int unix_rename_new(int folder, const char *from, const char *to);

/* mkfifoat() with mode 0600; may change the current folder. */
int unix_make_fifo(int folder, const char *name);

#endif

/* What plat_bsd.c asks of each BSD's own file. Included by plat_bsd.c, plat_macos.c and
 * plat_freebsd.c alone. */
#ifndef FOOTFALL_PLAT_BSD_H
#define FOOTFALL_PLAT_BSD_H

#include <stdbool.h>
#include <sys/types.h>

/* When a process started, in microseconds since 1970. False: there is none, or it is not shown. */
bool bsd_start_time(pid_t pid, long long *us);

#endif

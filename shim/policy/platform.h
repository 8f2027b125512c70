/* The names of release targets: shim/spec/platforms.tsv. */
#ifndef FOOTFALL_PLATFORM_H
#define FOOTFALL_PLATFORM_H

#define PLATFORM_MAX 130 /* bytes, with the NUL */

/* The platform of a kernel and a machine as uname spells them, in any case; for a pair that the
 * table does not have, both joined by "-". os and arch: at most 63 bytes each. */
void platform_name(const char *os, const char *arch, char out[PLATFORM_MAX]);

#endif

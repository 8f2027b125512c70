/* How many events one address may send: a token bucket for each, in a fixed amount of memory.
 *
 * An address is known as a salted hash alone, and the salt is thrown away every day. Pure: the
 * caller brings the time. Not thread-safe by itself. */
#ifndef FOOTFALL_LIMIT_H
#define FOOTFALL_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_SLOTS 65536 /* addresses remembered at once; the longest quiet one gives way */

struct limit {
    uint32_t per_minute;          /* 0 = no limit */
    int64_t full_at[LIMIT_SLOTS]; /* microseconds: when the bucket will be full again */
    uint64_t key[LIMIT_SLOTS];
};

/* Empties all buckets' memory: every address may start anew. */
void limit_reset(struct limit *limit, uint32_t per_minute);

/* Takes one token of the key's bucket at now_us (any clock that does not go back). Returns 0 when
 * there was one, else the seconds until there will be, rounded up. A bucket holds a minute's worth.
 */
uint32_t limit_take(struct limit *limit, uint64_t key, int64_t now_us);

#endif

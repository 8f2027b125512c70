/* Which ids an app has seen today, and how often: for the cap and the number of different ids.
 *
 * Exact up to SEEN_EXACT_MAX ids of an app and day. Beyond that the memory stays as it is: ids not
 * yet in it are no longer capped, and their number is a HyperLogLog estimate with a standard error
 * of 0.8 %. An id is here only as the keyed hash of itself. */
#ifndef FOOTFALL_STORE_SEEN_H
#define FOOTFALL_STORE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_EXACT_MAX (1u << 18)
#define SEEN_SLOTS_ALL (1u << 22) /* of all apps together, 10 bytes each */
#define SEEN_REGISTERS 16384

struct seen {
    uint64_t *key;
    uint16_t *times;
    size_t slots, used;
    unsigned char *registers; /* NULL while exact */
};

enum seen_result {
    SEEN_NEW, /* the first event of the id, as far as is known */
    SEEN_AGAIN,
    SEEN_CAPPED,    /* it has had its number: not counted */
    SEEN_UNTRACKED, /* beyond the exact memory */
};

void seen_release(struct seen *seen, size_t *slots_all);
/* Forgets all, keeps the memory. */
void seen_clear(struct seen *seen);

/* Counts one event; cap 0 = none. slots_all is the total over all apps, kept up to date. */
enum seen_result seen_add(struct seen *seen, uint64_t key, uint32_t cap, size_t *slots_all);
/* Takes back one seen_add() that was not capped; true when the id is unseen again. */
bool seen_undo(struct seen *seen, uint64_t key);

/* The estimate, once not exact. */
uint64_t seen_estimate(const struct seen *seen);

#endif

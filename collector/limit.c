#include "limit.h"

#include <string.h>

#define WAYS      8
#define SECOND_US 1000000

void limit_reset(struct limit *limit, uint32_t per_minute)
{
    memset(limit, 0, sizeof *limit);
    limit->per_minute = per_minute;
}

/* The key's slot among the few it may have, else the one whose bucket is, or will be, full first.
 */
static uint32_t slot_of(const struct limit *limit, uint64_t key)
{
    uint32_t first = (uint32_t)(key % (LIMIT_SLOTS / WAYS)) * WAYS;
    uint32_t oldest = first;

    for (uint32_t i = first; i < first + WAYS; i++) {
        if (limit->key[i] == key)
            return i;
        if (limit->full_at[i] < limit->full_at[oldest])
            oldest = i;
    }
    return oldest;
}

uint32_t limit_take(struct limit *limit, uint64_t key, int64_t now_us)
{
    int64_t cost, full_at;
    uint32_t slot;

    if (limit->per_minute == 0)
        return 0;
    cost = (60 * SECOND_US + limit->per_minute - 1) / limit->per_minute;
    slot = slot_of(limit, key);
    full_at = limit->key[slot] == key ? limit->full_at[slot] : 0;
    if (full_at < now_us)
        full_at = now_us;
    if (full_at + cost > now_us + cost * limit->per_minute)
        return (uint32_t)((full_at + cost - now_us - cost * limit->per_minute + SECOND_US - 1) /
                          SECOND_US);
    limit->key[slot] = key;
    limit->full_at[slot] = full_at + cost;
    return 0;
}

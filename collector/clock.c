#include "clock.h"

#include <stdatomic.h>
#include <time.h>

#define SMALL_STEP 900 /* seconds */

int64_t clock_wall(void)
{
    static _Atomic int64_t latest;
    int64_t now = (int64_t)time(NULL), seen = atomic_load(&latest);

    if (now < seen && seen - now < SMALL_STEP)
        return seen;
    atomic_store(&latest, now);
    return now;
}

int64_t clock_steady_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

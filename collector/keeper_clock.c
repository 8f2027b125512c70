#include "keeper_clock.h"

#include "clock.h"

#define HOUR 3600

static bool near(int64_t a, int64_t b)
{
    return a - b < HOUR && b - a < HOUR;
}

bool keeper_clock_ok(struct keeper_clock *clock, int64_t wall_s, int64_t steady_s)
{
    int64_t offset = wall_s - steady_s;

    if (!clock->started || near(offset, clock->offset_s)) {
        clock->offset_s = offset; /* slow drift is not a jump */
        clock->started = true;
        clock->jumped = false;
        return true;
    }
    if (!clock->jumped || !near(offset, clock->jumped_s)) {
        clock->jumped = true;
        clock->jumped_s = offset;
        clock->jumped_at_s = steady_s;
        return false;
    }
    if (steady_s - clock->jumped_at_s < CLOCK_DAY)
        return false;
    clock->offset_s = offset;
    clock->jumped = false;
    return true;
}

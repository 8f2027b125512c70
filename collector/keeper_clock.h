/* Whether the wall clock may be believed when it says that events are old enough to go. */
#ifndef FOOTFALL_KEEPER_CLOCK_H
#define FOOTFALL_KEEPER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A purge may when the clock went on as the steady clock did, within
 * an hour; after a jump it may again once the clock has held for a day. What the clock says at the
 * start of the program is believed. Pure, for tests. */
struct keeper_clock {
    int64_t offset_s; /* wall minus steady clock, as last believed */
    int64_t jumped_s; /* the other offset now seen, and since when (steady) */
    int64_t jumped_at_s;
    bool started, jumped;
};
bool keeper_clock_ok(struct keeper_clock *clock, int64_t wall_s, int64_t steady_s);

#endif

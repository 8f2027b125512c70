/* The housekeeper: purges at the start and every night, and writes the reject figures each second. */
#ifndef FOOTFALL_KEEPER_H
#define FOOTFALL_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "store.h"

struct keeper;
struct service;

struct keeper *keeper_start(struct service *service);
/* Ends it after the step at hand. NULL is fine. */
void keeper_stop(struct keeper *keeper);

/* Purges every app by its own retention as of `now`, and notes that it did. */
STORE_MUST_CHECK enum store_error keeper_purge(struct store *store, const struct config *config,
                                               int64_t now, uint64_t *purged);

/* May a purge believe the wall clock? It may when the clock went on as the steady clock did, within
 * an hour; after a jump it may again once the clock has held for a day. What the clock says at the
 * start of the program is believed. Pure, for tests. */
struct keeper_clock {
    int64_t offset_s;  /* wall minus steady clock, as last believed */
    int64_t jumped_s;  /* the other offset now seen, and since when (steady) */
    int64_t jumped_at_s;
    bool started, jumped;
};
bool keeper_clock_ok(struct keeper_clock *clock, int64_t wall_s, int64_t steady_s);

#endif

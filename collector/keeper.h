/* The housekeeper: purges at the start and every night; each second it writes the reject figures,
 * and empties the journal if something was erased. */
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

/* Purges every app that has raw events, by its own retention as of `now` or, where it has no
 * section, by the preset one (not at the start); and notes that it did. */
STORE_MUST_CHECK enum store_error keeper_purge(struct store *store, const struct config *config,
                                               int64_t now, bool at_start, uint64_t *purged);

/* Warns of each app that has raw events and no section: a forgotten one, or one whose name changed.
 * The start does so by itself. */
void keeper_tell_leftovers(struct service *service);

#endif

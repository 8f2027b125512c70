/* The configuration in force. A reload puts a new one in its place; requests under way keep the one
 * they began with. */
#ifndef FOOTFALL_LIVE_H
#define FOOTFALL_LIVE_H

#include "address.h"
#include "config.h"

struct live {
    struct config config;
    struct address_network proxies[CONFIG_PROXIES_MAX];
    size_t proxy_count;
    unsigned references; /* guarded by the slot's lock */
};

struct live_slot;

/* Takes over the configuration, also when it fails (NULL: no memory). */
struct live_slot *live_slot_new(struct config *config);
void live_slot_free(struct live_slot *slot);

/* Replaces the configuration; takes it over. False without memory: the old one stays. */
__attribute__((warn_unused_result)) bool live_replace(struct live_slot *slot,
                                                      struct config *config);

/* What is in force now; every live_get() needs its live_put(). */
struct live *live_get(struct live_slot *slot);
void live_put(struct live_slot *slot, struct live *live);

#endif

#include "live.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct live_slot {
    pthread_mutex_t lock;
    struct live *now;
};

static struct live *live_new(struct config *config)
{
    struct live *live = calloc(1, sizeof *live);
    const char *at = config->trusted_proxies;

    if (live == NULL) {
        config_release(config);
        return NULL;
    }
    live->config = *config;
    live->references = 1;
    while (*(at += strspn(at, ", ")) != '\0' && live->proxy_count < CONFIG_PROXIES_MAX) {
        size_t len = strcspn(at, ", ");
        if (address_network_parse(at, len, &live->proxies[live->proxy_count]))
            live->proxy_count++;
        at += len;
    }
    return live;
}

struct live_slot *live_slot_new(struct config *config)
{
    struct live_slot *slot = calloc(1, sizeof *slot);

    if (slot == NULL) {
        config_release(config);
        return NULL;
    }
    pthread_mutex_init(&slot->lock, NULL);
    slot->now = live_new(config);
    if (slot->now == NULL) {
        free(slot);
        return NULL;
    }
    return slot;
}

static void drop(struct live *live)
{
    if (--live->references > 0)
        return;
    config_release(&live->config);
    free(live);
}

void live_slot_free(struct live_slot *slot)
{
    if (slot == NULL)
        return;
    drop(slot->now);
    free(slot);
}

bool live_replace(struct live_slot *slot, struct config *config)
{
    struct live *live = live_new(config);

    if (live == NULL)
        return false;
    pthread_mutex_lock(&slot->lock);
    drop(slot->now);
    slot->now = live;
    pthread_mutex_unlock(&slot->lock);
    return true;
}

struct live *live_get(struct live_slot *slot)
{
    struct live *live;

    pthread_mutex_lock(&slot->lock);
    live = slot->now;
    live->references++;
    pthread_mutex_unlock(&slot->lock);
    return live;
}

void live_put(struct live_slot *slot, struct live *live)
{
    pthread_mutex_lock(&slot->lock);
    drop(live);
    pthread_mutex_unlock(&slot->lock);
}

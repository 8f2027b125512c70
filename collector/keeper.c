#include "keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "keeper_clock.h"
#include "log.h"
#include "service.h"

#define HOUR          3600
#define UNSWEPT_TICKS 10

struct keeper {
    struct service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    int32_t purged_day;
    struct keeper_clock clock;
    bool warned;
    unsigned unswept; /* ticks in a row that could not empty the journal */
};

struct purge {
    const struct config *config;
    int32_t today;
    bool at_start;
};

/* Day d is kept as long as its last second is younger than the retention time. An app that has lost
 * its section keeps no event for longer than the preset; but not at the start, which has just told
 * of it: its section may be misspelt. */
static int32_t first_kept_day(void *context, const char *name)
{
    const struct purge *purge = context;
    const struct config_app *app = config_app(purge->config, name);

    if (app == NULL && purge->at_start)
        return INT32_MIN;
    return purge->today - (int32_t)(app == NULL ? &purge->config->preset : app)->retention_days;
}

enum store_error keeper_purge(struct store *store, const struct config *config, int64_t now,
                              bool at_start, uint64_t *purged)
{
    struct purge purge = {config, (int32_t)(now / CLOCK_DAY), at_start};
    enum store_error error = store_purge(store, first_kept_day, &purge, purged);

    return error == STORE_OK ? store_note_purge(store, now) : error;
}

static void tell_leftover(void *context, const char *app)
{
    const struct config *config = context;
    char days[12];

    if (config_app(config, app) != NULL)
        return;
    snprintf(days, sizeof days, "%u", (unsigned)config->preset.retention_days);
    log_line(
        LOG_WARN,
        "an app without a section has raw events; they go after the preset time, from tonight on",
        "app", app, "retention-days", days, NULL);
}

void keeper_tell_leftovers(struct service *service)
{
    struct live *live = live_get(service->live);

    if (store_each_raw_app(service->store, tell_leftover, &live->config) != STORE_OK)
        log_line(LOG_ERROR, "the apps of the store cannot be read", "why",
                 store_message(service->store), NULL);
    live_put(service->live, live);
}

static void purge(struct keeper *keeper, int64_t now)
{
    struct live *live = live_get(keeper->service->live);
    uint64_t purged;
    char events[24];
    bool at_start = keeper->purged_day == INT32_MIN;
    enum store_error error =
        keeper_purge(keeper->service->store, &live->config, now, at_start, &purged);

    live_put(keeper->service->live, live);
    counters_purged(keeper->service->counters, purged);
    if (error != STORE_OK) {
        log_line(LOG_ERROR, "the purge failed and is tried again", "why",
                 store_message(keeper->service->store), NULL);
        return;
    }
    keeper->purged_day = (int32_t)(now / CLOCK_DAY);
    snprintf(events, sizeof events, "%llu", (unsigned long long)purged);
    log_line(LOG_INFO, "purged", "events", events, NULL);
}

static bool purge_is_due(struct keeper *keeper, int64_t now)
{
    struct live *live = live_get(keeper->service->live);
    uint32_t hour = live->config.purge_hour;
    int32_t today = (int32_t)(now / CLOCK_DAY);

    live_put(keeper->service->live, live);
    if (keeper->purged_day == INT32_MIN)
        return true; /* the one at the start */
    return today != keeper->purged_day && (uint32_t)(now % CLOCK_DAY / HOUR) >= hour;
}

/* An erasure at work, or a page, is no reason to speak; another program that reads for long is. */
static void sweep(struct keeper *keeper)
{
    bool failed = store_sweep(keeper->service->store, 0) != STORE_OK;

    if (failed && ++keeper->unswept == UNSWEPT_TICKS)
        log_line(LOG_WARN, "what was erased or purged cannot leave the journal yet", "why",
                 store_message(keeper->service->store), NULL);
    if (!failed && keeper->unswept >= UNSWEPT_TICKS)
        log_line(LOG_INFO, "what was erased or purged has left the journal", NULL);
    if (!failed)
        keeper->unswept = 0;
}

static void tick(struct keeper *keeper)
{
    int64_t now = clock_wall();
    bool believed = keeper_clock_ok(&keeper->clock, now, clock_steady_us() / 1000000);

    counters_flush(keeper->service->counters, keeper->service->store, now);
    if (!believed && !keeper->warned)
        log_line(LOG_WARN, "the clock jumped; nothing is purged until it has held for a day", NULL);
    keeper->warned = !believed;
    sweep(keeper);
    if (believed && purge_is_due(keeper, now))
        purge(keeper, now);
}

static void *run(void *context)
{
    struct keeper *keeper = context;
    struct timespec until;

    pthread_mutex_lock(&keeper->lock);
    while (!keeper->stopping) {
        pthread_mutex_unlock(&keeper->lock);
        tick(keeper);
        pthread_mutex_lock(&keeper->lock);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        if (!keeper->stopping)
            pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

struct keeper *keeper_start(struct service *service)
{
    struct keeper *keeper = calloc(1, sizeof *keeper);
    pthread_condattr_t steady;

    if (keeper == NULL)
        return NULL;
    keeper->service = service;
    keeper->purged_day = INT32_MIN;
    keeper_tell_leftovers(service);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &steady);
    pthread_condattr_destroy(&steady);
    if (pthread_create(&keeper->thread, NULL, run, keeper) != 0) {
        free(keeper);
        return NULL;
    }
    return keeper;
}

void keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    counters_flush(keeper->service->counters, keeper->service->store, clock_wall());
    free(keeper);
}

#include "counters.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 8

const uint64_t counters_commit_bounds[COUNTERS_COMMIT_BUCKETS - 1] = {
    250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 1000000};

/* Rejects of one app that are not in the store yet. */
struct pending {
    char app[APP_NAME_MAX + 1];
    uint64_t requests[REJECT_REASONS];
    bool any;
};
struct total {
    char app[APP_NAME_MAX + 1];
    uint64_t events[LABELS_MAX];
};
struct counters {
    pthread_mutex_t lock;
    struct counters_sums sums;
    _Atomic uint64_t requests[6]; /* apart from the lock: every request counts here */
    struct pending *pending;
    size_t pending_count;
    struct total *total;
    size_t total_count;
};

struct counters *counters_new(void)
{
    struct counters *counters = calloc(1, sizeof *counters);

    if (counters != NULL)
        pthread_mutex_init(&counters->lock, NULL);
    return counters;
}

void counters_free(struct counters *counters)
{
    if (counters == NULL)
        return;
    free(counters->pending);
    free(counters->total);
    free(counters);
}

/* The app's entry; callers pass configured names only, which bounds the list. NULL without memory.
 */
static struct pending *pending_of(struct counters *counters, const char *app)
{
    struct pending *grown;

    for (size_t i = 0; i < counters->pending_count; i++)
        if (strcmp(counters->pending[i].app, app) == 0)
            return &counters->pending[i];
    grown = realloc(counters->pending, (counters->pending_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    counters->pending = grown;
    grown += counters->pending_count++;
    memset(grown, 0, sizeof *grown);
    memcpy(grown->app, app, strlen(app) + 1);
    return grown;
}

void counters_reject(struct counters *counters, const char *app, enum reject reason)
{
    struct pending *pending;

    pthread_mutex_lock(&counters->lock);
    counters->sums.rejected[reason]++;
    pending = pending_of(counters, app);
    if (pending != NULL) {
        pending->requests[reason]++;
        pending->any = true;
    }
    pthread_mutex_unlock(&counters->lock);
}

void counters_unknown(struct counters *counters, const uint16_t unknown[INTAKE_CLASS_COUNT])
{
    bool any = false;

    for (int i = 0; i < INTAKE_CLASS_COUNT; i++)
        any = any || unknown[i] != 0;
    if (!any)
        return;
    pthread_mutex_lock(&counters->lock);
    for (int i = 0; i < INTAKE_CLASS_COUNT; i++)
        counters->sums.unknown[i] += unknown[i];
    pthread_mutex_unlock(&counters->lock);
}

void counters_commit(struct counters *counters, size_t events, int64_t took_us, bool ok)
{
    struct counters_sums *sums = &counters->sums;
    size_t bucket = 0;

    while (bucket < COUNTERS_COMMIT_BUCKETS - 1 &&
           (uint64_t)took_us > counters_commit_bounds[bucket])
        bucket++;
    pthread_mutex_lock(&counters->lock);
    sums->commits++;
    sums->commit_failures += ok ? 0 : 1;
    sums->commit_us += (uint64_t)took_us;
    sums->commit_events += events;
    sums->commit_bucket[bucket]++;
    pthread_mutex_unlock(&counters->lock);
}

void counters_answer(struct counters *counters, unsigned status)
{
    atomic_fetch_add(&counters->requests[status / 100 % 6], 1);
}

void counters_erased(struct counters *counters, uint64_t events)
{
    pthread_mutex_lock(&counters->lock);
    counters->sums.erased += events;
    pthread_mutex_unlock(&counters->lock);
}

void counters_purged(struct counters *counters, uint64_t events)
{
    pthread_mutex_lock(&counters->lock);
    counters->sums.purged += events;
    pthread_mutex_unlock(&counters->lock);
}

struct counters_sums counters_read(struct counters *counters)
{
    struct counters_sums sums;

    pthread_mutex_lock(&counters->lock);
    sums = counters->sums;
    pthread_mutex_unlock(&counters->lock);
    for (size_t i = 0; i < sizeof sums.requests / sizeof sums.requests[0]; i++)
        sums.requests[i] = atomic_load(&counters->requests[i]);
    return sums;
}

/* Takes the first app with something pending out of the list. */
static bool take_pending(struct counters *counters, struct pending *taken)
{
    bool any = false;

    pthread_mutex_lock(&counters->lock);
    for (size_t i = 0; i < counters->pending_count && !any; i++) {
        any = counters->pending[i].any;
        if (!any)
            continue;
        *taken = counters->pending[i];
        memset(counters->pending[i].requests, 0, sizeof taken->requests);
        counters->pending[i].any = false;
    }
    pthread_mutex_unlock(&counters->lock);
    return any;
}

void counters_flush(struct counters *counters, struct store *store, int64_t now)
{
    struct pending taken, *back;

    while (take_pending(counters, &taken)) {
        if (store_add_rejects(store, now, taken.app, taken.requests) == STORE_OK)
            continue;
        pthread_mutex_lock(&counters->lock);
        back = pending_of(counters, taken.app);
        for (int i = 0; back != NULL && i < REJECT_REASONS; i++)
            back->requests[i] += taken.requests[i];
        if (back != NULL)
            back->any = true;
        pthread_mutex_unlock(&counters->lock);
        return;
    }
}

static void add_total(struct counters *counters, const char *app, const char *label,
                      uint64_t events)
{
    const char *const *labels = event_fields[EVENT_LABEL].allowed;
    struct total *total = NULL, *grown;
    size_t at = 0;

    while (at < LABELS_MAX && labels[at] != NULL && strcmp(labels[at], label) != 0)
        at++;
    if (at == LABELS_MAX || labels[at] == NULL)
        return;
    for (size_t i = 0; i < counters->total_count && total == NULL; i++)
        total = strcmp(counters->total[i].app, app) == 0 ? &counters->total[i] : NULL;
    if (total == NULL) {
        grown = realloc(counters->total, (counters->total_count + 1) * sizeof *grown);
        if (grown == NULL)
            return;
        counters->total = grown;
        total = &grown[counters->total_count++];
        memset(total, 0, sizeof *total);
        memcpy(total->app, app, strlen(app) + 1);
    }
    total->events[at] += events;
}

static void load_row(void *context, const struct store_count *count)
{
    add_total(context, count->app, count->label, count->events);
}

enum store_error counters_load(struct counters *counters, struct store *store)
{
    struct store_filter all = {.first_day = INT32_MIN, .last_day = INT32_MAX};

    return store_each_count(store, &all, load_row, counters);
}

void counters_events(struct counters *counters, const struct store_event *events, size_t count)
{
    pthread_mutex_lock(&counters->lock);
    for (size_t i = 0; i < count; i++)
        if (events[i].fate == STORE_KEPT)
            add_total(counters, events[i].app, events[i].event->value[EVENT_LABEL], 1);
    pthread_mutex_unlock(&counters->lock);
}

void counters_each_total(struct counters *counters,
                         void (*row)(void *context, const char *app, const char *label,
                                     uint64_t events),
                         void *context)
{
    const char *const *labels = event_fields[EVENT_LABEL].allowed;

    pthread_mutex_lock(&counters->lock);
    for (size_t i = 0; i < counters->total_count; i++)
        for (size_t at = 0; at < LABELS_MAX && labels[at] != NULL; at++)
            row(context, counters->total[i].app, labels[at], counters->total[i].events[at]);
    pthread_mutex_unlock(&counters->lock);
}

/* What the collector counts about itself, for /metrics and for the daily reject figures. */
#ifndef FOOTFALL_COUNTERS_H
#define FOOTFALL_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "intake.h"
#include "reject.h"
#include "store.h"

#define COUNTERS_COMMIT_BUCKETS 10

struct counters;

struct counters_sums {
    uint64_t rejected[REJECT_REASONS];    /* since the start of the program */
    uint64_t unknown[INTAKE_CLASS_COUNT]; /* unknown members by kind of name */
    uint64_t commits, commit_us, commit_events, commit_failures;
    uint64_t commit_bucket[COUNTERS_COMMIT_BUCKETS]; /* not cumulative */
    uint64_t requests[6];                            /* answers by first digit of the status */
    uint64_t erased, purged;                         /* events */
};
/* Upper bounds in microseconds of the commit buckets but the last. */
extern const uint64_t counters_commit_bounds[COUNTERS_COMMIT_BUCKETS - 1];

struct counters *counters_new(void);
void counters_free(struct counters *counters);

void counters_reject(struct counters *counters, const char *app, enum reject reason);
void counters_unknown(struct counters *counters, const uint16_t unknown[INTAKE_CLASS_COUNT]);
void counters_commit(struct counters *counters, size_t events, int64_t took_us, bool ok);
void counters_answer(struct counters *counters, unsigned status);
void counters_erased(struct counters *counters, uint64_t events);
void counters_purged(struct counters *counters, uint64_t events);

struct counters_sums counters_read(struct counters *counters);

/* Stores the rejects that are not stored yet; what fails stays for the next time. */
void counters_flush(struct counters *counters, struct store *store, int64_t now);

/* All events ever stored, by app and label; loaded from the store once, then kept up. */
STORE_MUST_CHECK enum store_error counters_load(struct counters *counters, struct store *store);
void counters_events(struct counters *counters, const struct store_event *events, size_t count);
/* Calls row() for each app and label. */
void counters_each_total(struct counters *counters,
                         void (*row)(void *context, const char *app, const char *label,
                                     uint64_t events),
                         void *context);

#endif

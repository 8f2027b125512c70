/* The public figures: what /v1/stats answers and the dashboard draws.
 *
 * Everything here may be shown to anybody: a cell that stands for fewer than k installs is folded
 * into the row "other", days are UTC, and no id is near. Totals are exact.
 *
 * JSON of GET /v1/stats[?app=&release=&platform=&method=&from=YYYY-MM-DD&to=YYYY-MM-DD|&days=N]
 * (days counts back from today; 30 unless given, 3660 at most; an unknown parameter or a value that
 * does not parse is a 400 that names it):
 *
 *   {"generated":"2026-11-21T12:00:00Z","from":"2026-10-23","to":"2026-11-21","k":5,
 *    "filter":{"app":null,"release":null,"platform":null,"method":null},
 *    "below_k":false, "totals":{"starts":9,"completes":7,"failures":1,"unknown":1},
 *    "days":[{"day":"2026-11-21","starts":9,"completes":7,"failures":1,"unknown":1,
 *             "distinct_ids":8,"distinct_exact":true}],
 *    "apps":[{"app":"default", <sums>}], "releases":[{"release":"v1", <sums>}],
 *    "platforms":[{"platform":"linux-x86_64", <sums>}], "methods":[{"method":"shell", <sums>}],
 *    "platform_releases":[{"platform":..,"release":.., <sums>}],
 *    "release_days":[{"day":..,"release":.., <sums>}],
 *    "rejected":{"total":3,"by_reason":{"invalid_json":3},
 *                "days":[{"day":..,"by_reason":{..}}]}}
 *
 * <sums> are starts, completes, failures, unknown. "unknown" is starts without an outcome: events
 * carry no run, so it is starts - completes - failures of the row and day, never below 0, added up
 * over the days. distinct_ids are null where a filter other than app is set: they are counted for a
 * whole day of an app only. With a filter, days of fewer than k installs are folded into the day
 * "other"; when the whole is fewer than k, below_k is true and the tables are empty. */
#ifndef FOOTFALL_STATS_H
#define FOOTFALL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct texts;

/* Of a table, and of one of its days; the rest is folded into "other" too. */
#define STATS_ROWS_MAX     500
#define STATS_DAY_ROWS_MAX 50

struct stats_query {
    int32_t first_day, last_day; /* both included */
    /* Cleaned texts, "" = not filtered. */
    char app[EVENT_VALUE_MAX + 1], release[EVENT_VALUE_MAX + 1], platform[EVENT_VALUE_MAX + 1],
        method[EVENT_VALUE_MAX + 1];
};

/* The names of the parameters; ends with NULL. */
extern const char *const stats_parameters[];

/* Reads the query from URL parameters: get(context, name) returns the decoded value or NULL.
 * Returns NULL when all is well, else the name of the parameter that is wrong. */
const char *stats_query_read(struct stats_query *query, int64_t now,
                             const char *(*get)(void *context, const char *name), void *context);

struct stats_sums {
    uint64_t starts, completes, failures, unknown;
};
/* The sums of one daily count; unknown is left to whoever adds them up. */
struct stats_sums stats_sums_of(const struct store_count *count);
/* The meaning of the keys is the table's; texts are owned by the stats. */
struct stats_row {
    int32_t day;            /* tables by day; STATS_OTHER_DAY in the fold of a filtered view */
    const char *key, *key2; /* NULL where the table has none */
    struct stats_sums sums;
    uint64_t distinct; /* days only */
    bool has_distinct, distinct_exact;
};
#define STATS_OTHER_DAY INT32_MIN /* written as "other" */

enum stats_table_id {
    STATS_DAYS,      /* day; in order */
    STATS_APPS,      /* key = app; these and the following: most installs first, "other" last */
    STATS_RELEASES,  /* key = release */
    STATS_PLATFORMS, /* key = platform */
    STATS_METHODS,   /* key = method */
    STATS_PLATFORM_RELEASES, /* key = platform, key2 = release */
    STATS_RELEASE_DAYS,      /* day, key = release; by day */
    STATS_TABLES
};
struct stats_table {
    struct stats_row *rows;
    size_t count;
};
struct stats_reject_row {
    int32_t day;
    uint64_t requests[REJECT_REASONS];
};
struct stats {
    struct stats_query query;
    int64_t generated; /* Unix seconds, cut to the hour */
    bool below_k;      /* the filter leaves fewer than k installs: nothing is shown */
    uint32_t k;
    struct stats_sums totals;
    struct stats_table table[STATS_TABLES];
    struct stats_reject_row *rejects; /* by day */
    size_t reject_days;
    uint64_t rejects_total[REJECT_REASONS];
    struct texts *texts; /* owns the keys */
};

/* Collects the figures. On STORE_OK the caller owns *stats: stats_free(). */
STORE_MUST_CHECK enum store_error stats_collect(struct store *store,
                                                const struct stats_query *query, uint32_t k,
                                                int64_t now, struct stats **stats);
void stats_free(struct stats *stats);

/* The JSON above, allocated; the caller frees it. NULL without memory. */
char *stats_json(const struct stats *stats, size_t *len);

/* "2026-11-21"; the sizes include the NUL. */
void stats_day_text(int32_t day, char text[11]);
/* "2026-11-21T12:00:00Z", cut to the hour. */
void stats_hour_text(int64_t when, char text[21]);

#endif

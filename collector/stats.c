#include "stats.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "groups.h"

struct collection {
    struct stats *stats;
    struct groups *groups[STATS_TABLES];
    struct groups *all; /* a single row: the totals */
};

struct stats_sums stats_sums_of(const struct store_count *count)
{
    struct stats_sums sums = {0};

    if (strcmp(count->label, "install_start") == 0)
        sums.starts = count->events;
    else if (strcmp(count->label, "install_complete") == 0)
        sums.completes = count->events;
    else if (strcmp(count->label, "install_failed") == 0)
        sums.failures = count->events;
    return sums;
}

static void count_row(void *context, const struct store_count *count)
{
    struct collection *c = context;
    struct stats_sums sums = stats_sums_of(count);
    const char *app = texts_keep(c->stats->texts, count->app);
    const char *release = texts_keep(c->stats->texts, count->release);
    const char *platform = texts_keep(c->stats->texts, count->platform);
    const char *method = texts_keep(c->stats->texts, count->method);
    int32_t day = count->day;

    groups_add(c->all, day, NULL, NULL, &sums);
    groups_add(c->groups[STATS_DAYS], day, NULL, NULL, &sums);
    groups_add(c->groups[STATS_APPS], day, app, NULL, &sums);
    groups_add(c->groups[STATS_RELEASES], day, release, NULL, &sums);
    groups_add(c->groups[STATS_PLATFORMS], day, platform, NULL, &sums);
    groups_add(c->groups[STATS_METHODS], day, method, NULL, &sums);
    groups_add(c->groups[STATS_PLATFORM_RELEASES], day, platform, release, &sums);
    groups_add(c->groups[STATS_RELEASE_DAYS], day, release, NULL, &sums);
}

static void distinct_row(void *context, const struct store_distinct *distinct)
{
    struct stats *stats = context;

    for (size_t i = 0; i < stats->table[STATS_DAYS].count; i++) {
        struct stats_row *row = &stats->table[STATS_DAYS].rows[i];
        if (row->day != distinct->day)
            continue;
        row->distinct_exact = distinct->exact && (row->distinct_exact || !row->has_distinct);
        row->has_distinct = true;
        row->distinct += distinct->ids;
    }
}

static enum reject reason_of(const char *code)
{
    enum reject reason = 0;

    while (reason < REJECT_REASONS && strcmp(reject_reasons[reason].code, code) != 0)
        reason++;
    return reason;
}

static void reject_row(void *context, const struct store_reject *reject)
{
    struct stats *stats = context;
    enum reject reason = reason_of(reject->reason);
    struct stats_reject_row *grown;

    if (reason == REJECT_REASONS)
        return; /* of a newer or older program */
    if (stats->reject_days == 0 || stats->rejects[stats->reject_days - 1].day != reject->day) {
        grown = realloc(stats->rejects, (stats->reject_days + 1) * sizeof *grown);
        if (grown == NULL)
            return;
        stats->rejects = grown;
        memset(&grown[stats->reject_days], 0, sizeof *grown);
        grown[stats->reject_days++].day = reject->day;
    }
    stats->rejects[stats->reject_days - 1].requests[reason] += reject->requests;
    stats->rejects_total[reason] += reject->requests;
}

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* In a filtered view a day is a cell like any other: small ones go into the day "other". */
static void fold_days(struct stats_table *table, uint32_t k)
{
    struct stats_row rest = {.day = STATS_OTHER_DAY};
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        struct stats_sums *sums = &table->rows[i].sums;
        if (groups_installs(sums) >= k) {
            table->rows[kept++] = table->rows[i];
            continue;
        }
        rest.key = table->rows[i].key == NULL ? NULL : "other";
        rest.sums.starts += sums->starts;
        rest.sums.completes += sums->completes;
        rest.sums.failures += sums->failures;
        rest.sums.unknown += sums->unknown;
    }
    if (kept < table->count)
        table->rows[kept++] = rest;
    table->count = kept;
}

static bool finish(struct collection *c, bool filtered)
{
    struct stats *stats = c->stats;
    struct stats_table all = {NULL, 0};
    bool ok = groups_end(c->all, 1, 1, &all);

    if (ok && all.count > 0)
        stats->totals = all.rows[0].sums;
    free(all.rows);
    stats->below_k = filtered && groups_installs(&stats->totals) < stats->k;
    for (int i = 0; i < STATS_TABLES && ok; i++) {
        bool by_day = i == STATS_DAYS || i == STATS_RELEASE_DAYS;
        ok = groups_end(c->groups[i], stats->k, by_day ? STATS_DAY_ROWS_MAX : STATS_ROWS_MAX,
                        &stats->table[i]);
        if (filtered && ok && by_day)
            fold_days(&stats->table[i], stats->k);
        if (stats->below_k)
            stats->table[i].count = 0;
    }
    if (stats->below_k)
        memset(&stats->totals, 0, sizeof stats->totals);
    return ok;
}

static enum store_error fill(struct collection *c, struct store *store)
{
    struct stats *stats = c->stats;
    const struct stats_query *query = &stats->query;
    struct store_filter filter = {
        .first_day = query->first_day,
        .last_day = query->last_day,
        .app = or_null(query->app),
        .release = or_null(query->release),
        .platform = or_null(query->platform),
        .method = or_null(query->method),
    };
    bool by_app_alone = filter.release == NULL && filter.platform == NULL && filter.method == NULL;
    enum store_error error = store_each_count(store, &filter, count_row, c);

    if (error == STORE_OK && !finish(c, filter.app != NULL || !by_app_alone))
        error = STORE_FAILED;
    if (error == STORE_OK && by_app_alone)
        error = store_each_distinct(store, &filter, distinct_row, stats);
    if (error == STORE_OK)
        error = store_each_reject(store, &filter, reject_row, stats);
    return error;
}

enum store_error stats_collect(struct store *store, const struct stats_query *query, uint32_t k,
                               int64_t now, struct stats **collected)
{
    struct collection c = {.stats = calloc(1, sizeof *c.stats), .all = groups_new(false)};
    enum store_error error = STORE_FAILED;
    bool ok = c.stats != NULL && c.all != NULL;

    for (int i = 0; i < STATS_TABLES && ok; i++) {
        c.groups[i] = groups_new(i == STATS_DAYS || i == STATS_RELEASE_DAYS);
        ok = c.groups[i] != NULL;
    }
    if (ok)
        ok = (c.stats->texts = texts_new()) != NULL;
    if (ok) {
        c.stats->query = *query;
        c.stats->k = k;
        c.stats->generated = now - now % 3600;
        error = fill(&c, store);
    }
    for (int i = 0; i < STATS_TABLES; i++)
        groups_free(c.groups[i]);
    groups_free(c.all);
    if (error != STORE_OK)
        stats_free(c.stats);
    *collected = error == STORE_OK ? c.stats : NULL;
    return error;
}

void stats_free(struct stats *stats)
{
    if (stats == NULL)
        return;
    for (int i = 0; i < STATS_TABLES; i++)
        free(stats->table[i].rows);
    free(stats->rejects);
    texts_free(stats->texts);
    free(stats);
}

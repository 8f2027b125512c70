#include "breakdown.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define DAY 86400

struct output {
    void (*line)(void *context, const char *text);
    void *context;
};

static const struct {
    const char *name, *label;
    enum stats_table_id table;
} families[] = {
    {"footfall_platform_outcomes_total", "platform", STATS_PLATFORMS},
    {"footfall_release_outcomes_total", "release", STATS_RELEASES},
};
#define FAMILIES (sizeof families / sizeof families[0])

static void put_outcome(const struct output *out, size_t family, const char *app,
                        const struct stats_row *row, const char *outcome, uint64_t value)
{
    char text[384];

    snprintf(text, sizeof text, "%s{app=\"%s\",%s=\"%s\",outcome=\"%s\"} %" PRIu64,
             families[family].name, app, families[family].label, row->key, outcome, value);
    out->line(out->context, text);
}

static void put_family(const struct output *out, size_t family, const struct config *config,
                       struct stats *const *stats)
{
    char text[192];

    snprintf(text, sizeof text, "# HELP %s Installs that ended today (UTC), by %s.",
             families[family].name, families[family].label);
    out->line(out->context, text);
    snprintf(text, sizeof text, "# TYPE %s counter", families[family].name);
    out->line(out->context, text);
    for (size_t i = 0; i < config->app_count; i++) {
        const struct stats_table *table = &stats[i]->table[families[family].table];
        for (size_t j = 0; j < table->count; j++) {
            const struct stats_row *row = &table->rows[j];
            put_outcome(out, family, config->apps[i].name, row, "complete", row->sums.completes);
            put_outcome(out, family, config->apps[i].name, row, "failed", row->sums.failures);
        }
    }
}

static enum store_error collect(struct store *store, const struct config *config, int64_t now,
                                struct stats **stats)
{
    struct stats_query query = {.first_day = (int32_t)(now / DAY), .last_day = (int32_t)(now / DAY)};
    enum store_error error = STORE_OK;

    for (size_t i = 0; i < config->app_count && error == STORE_OK; i++) {
        snprintf(query.app, sizeof query.app, "%s", config->apps[i].name);
        error = stats_collect(store, &query, config->k, now, &stats[i]);
    }
    return error;
}

enum store_error breakdown_metrics(struct store *store, const struct config *config, int64_t now,
                                   void (*line)(void *context, const char *text), void *context)
{
    struct output out = {line, context};
    struct stats **stats = calloc(config->app_count + 1, sizeof *stats);

    if (!stats)
        return STORE_FAILED;
    enum store_error error = collect(store, config, now, stats);
    for (size_t family = 0; family < FAMILIES && error == STORE_OK; family++)
        put_family(&out, family, config, stats);
    for (size_t i = 0; i < config->app_count; i++)
        if (stats[i])
            stats_free(stats[i]);
    free(stats);
    return error;
}

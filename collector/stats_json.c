/* The figures as /v1/stats writes them. */
#include <string.h>

#include "cJSON.h"
#include "stats.h"

static const struct {
    const char *name;
    bool day;
    const char *key, *key2;
} layout[STATS_TABLES] = {
    [STATS_DAYS] = {"days", true, NULL, NULL},
    [STATS_APPS] = {"apps", false, "app", NULL},
    [STATS_RELEASES] = {"releases", false, "release", NULL},
    [STATS_PLATFORMS] = {"platforms", false, "platform", NULL},
    [STATS_METHODS] = {"methods", false, "method", NULL},
    [STATS_PLATFORM_RELEASES] = {"platform_releases", false, "platform", "release"},
    [STATS_RELEASE_DAYS] = {"release_days", true, "release", NULL},
};

static void add_count(cJSON *object, const char *name, uint64_t count)
{
    cJSON_AddNumberToObject(object, name, (double)count);
}

static void add_sums(cJSON *object, const struct stats_sums *sums)
{
    add_count(object, "starts", sums->starts);
    add_count(object, "completes", sums->completes);
    add_count(object, "failures", sums->failures);
    add_count(object, "unknown", sums->unknown);
}

static void add_day(cJSON *object, const char *name, int32_t day)
{
    char text[11] = "other";

    if (day != STATS_OTHER_DAY)
        stats_day_text(day, text);
    cJSON_AddStringToObject(object, name, text);
}

static void add_distinct(cJSON *object, const struct stats_row *row)
{
    if (!row->has_distinct) {
        cJSON_AddNullToObject(object, "distinct_ids");
        return;
    }
    add_count(object, "distinct_ids", row->distinct);
    cJSON_AddBoolToObject(object, "distinct_exact", row->distinct_exact);
}

static void add_table(cJSON *root, enum stats_table_id id, const struct stats_table *table)
{
    cJSON *rows = cJSON_AddArrayToObject(root, layout[id].name);

    for (size_t i = 0; i < table->count; i++) {
        const struct stats_row *row = &table->rows[i];
        cJSON *object = cJSON_CreateObject();

        if (layout[id].day)
            add_day(object, "day", row->day);
        if (layout[id].key != NULL)
            cJSON_AddStringToObject(object, layout[id].key, row->key);
        if (layout[id].key2 != NULL)
            cJSON_AddStringToObject(object, layout[id].key2, row->key2);
        add_sums(object, &row->sums);
        if (id == STATS_DAYS)
            add_distinct(object, row);
        cJSON_AddItemToArray(rows, object);
    }
}

static void add_reasons(cJSON *object, const uint64_t requests[REJECT_REASONS])
{
    cJSON *reasons = cJSON_AddObjectToObject(object, "by_reason");

    for (int i = 0; i < REJECT_REASONS; i++)
        if (requests[i] > 0)
            add_count(reasons, reject_reasons[i].code, requests[i]);
}

static void add_rejected(cJSON *root, const struct stats *stats)
{
    cJSON *rejected = cJSON_AddObjectToObject(root, "rejected"), *days;
    uint64_t total = 0;

    for (int i = 0; i < REJECT_REASONS; i++)
        total += stats->rejects_total[i];
    add_count(rejected, "total", total);
    add_reasons(rejected, stats->rejects_total);
    days = cJSON_AddArrayToObject(rejected, "days");
    for (size_t i = 0; i < stats->reject_days; i++) {
        cJSON *day = cJSON_CreateObject();
        add_day(day, "day", stats->rejects[i].day);
        add_reasons(day, stats->rejects[i].requests);
        cJSON_AddItemToArray(days, day);
    }
}

static void add_word(cJSON *object, const char *name, const char *word)
{
    if (word[0] == '\0')
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddStringToObject(object, name, word);
}

char *stats_json(const struct stats *stats, size_t *len)
{
    cJSON *root = cJSON_CreateObject(), *filter;
    char hour[21], *text;

    stats_hour_text(stats->generated, hour);
    cJSON_AddStringToObject(root, "generated", hour);
    add_day(root, "from", stats->query.first_day);
    add_day(root, "to", stats->query.last_day);
    add_count(root, "k", stats->k);
    filter = cJSON_AddObjectToObject(root, "filter");
    add_word(filter, "app", stats->query.app);
    add_word(filter, "release", stats->query.release);
    add_word(filter, "platform", stats->query.platform);
    add_word(filter, "method", stats->query.method);
    cJSON_AddBoolToObject(root, "below_k", stats->below_k);
    add_sums(cJSON_AddObjectToObject(root, "totals"), &stats->totals);
    for (int i = 0; i < STATS_TABLES; i++)
        add_table(root, (enum stats_table_id)i, &stats->table[i]);
    add_rejected(root, stats);
    text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    *len = text == NULL ? 0 : strlen(text);
    return text;
}

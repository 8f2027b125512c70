/* GET /metrics, in Prometheus's text format. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "forward.h"
#include "groups.h"
#include "pages.h"
#include "service.h"

#define TEXT_MAX     (4 * 1024 * 1024)
#define APP_ROWS_MAX 100  /* of today's events of an app; the rest is "other" */
#define ALL_ROWS_MAX 4000 /* of all apps: what TEXT_MAX has room for, however long the names */

/* What no longer fits is left out. */
struct text {
    char *bytes;
    size_t len, room;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
    char line[1024], *grown;
    va_list values;
    int n;

    va_start(values, format);
    n = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (n < 0 || (size_t)n >= sizeof line || text->len + (size_t)n > TEXT_MAX)
        return;
    if (text->bytes == NULL || text->len + (size_t)n > text->room) {
        grown = realloc(text->bytes, text->room * 2 + sizeof line);
        if (grown == NULL)
            return;
        text->bytes = grown;
        text->room = text->room * 2 + sizeof line;
    }
    memcpy(text->bytes + text->len, line, (size_t)n);
    text->len += (size_t)n;
}

static void head(struct text *text, const char *name, const char *type, const char *help)
{
    put(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *text, const char *name, const char *type, const char *help,
                uint64_t value)
{
    head(text, name, type, help);
    put(text, "%s %llu\n", name, (unsigned long long)value);
}

static void total_row(void *context, const char *app, const char *label, uint64_t events)
{
    put(context, "footfall_events_total{app=\"%s\",event=\"%s\"} %llu\n", app, label,
        (unsigned long long)events);
}

static void put_service(struct text *text, struct service *service)
{
    struct counters_sums sums = counters_read(service->counters);
    static const char *const digit[] = {"0", "1xx", "2xx", "3xx", "4xx", "5xx"};

    head(text, "footfall_events_total", "counter", "events stored since the store was made");
    counters_each_total(service->counters, total_row, text);
    head(text, "footfall_rejected_total", "counter", "requests refused since the start, by reason");
    for (int i = 0; i < REJECT_REASONS; i++)
        put(text, "footfall_rejected_total{reason=\"%s\"} %llu\n", reject_reasons[i].code,
            (unsigned long long)sums.rejected[i]);
    head(text, "footfall_unknown_members_total", "counter",
         "members dropped since the start, by kind of name");
    for (int i = 0; i < INTAKE_CLASS_COUNT; i++)
        put(text, "footfall_unknown_members_total{class=\"%s\"} %llu\n", intake_class_names[i],
            (unsigned long long)sums.unknown[i]);
    head(text, "footfall_http_responses_total", "counter",
         "answers since the start, by status class");
    for (int i = 1; i < 6; i++)
        put(text, "footfall_http_responses_total{class=\"%s\"} %llu\n", digit[i],
            (unsigned long long)sums.requests[i]);
    one(text, "footfall_erased_events_total", "counter", "events erased since the start",
        sums.erased);
    one(text, "footfall_purged_events_total", "counter", "events purged since the start",
        sums.purged);
    one(text, "footfall_connections", "gauge", "open connections",
        atomic_load(&service->connections));
}

static void put_commits(struct text *text, struct service *service)
{
    static const char name[] = "footfall_commit_seconds";
    struct counters_sums sums = counters_read(service->counters);
    uint64_t below = 0;

    head(text, name, "histogram", "time to make a group of events durable");
    for (int i = 0; i < COUNTERS_COMMIT_BUCKETS - 1; i++) {
        below += sums.commit_bucket[i];
        put(text, "%s_bucket{le=\"%g\"} %llu\n", name, (double)counters_commit_bounds[i] / 1e6,
            (unsigned long long)below);
    }
    put(text, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name,
        (unsigned long long)sums.commits, name, (double)sums.commit_us / 1e6, name,
        (unsigned long long)sums.commits);
    one(text, "footfall_commit_events_total", "counter", "events of all commits since the start",
        sums.commit_events);
    one(text, "footfall_commit_failures_total", "counter", "commits that failed since the start",
        sums.commit_failures);
}

static void put_store(struct text *text, const struct ask *ask)
{
    struct store_size size;
    int64_t purged;

    if (store_measure(ask->store, &size) == STORE_OK) {
        one(text, "footfall_store_bytes", "gauge", "size of the store's file", size.file_bytes);
        one(text, "footfall_journal_bytes", "gauge", "size of its journal", size.journal_bytes);
        one(text, "footfall_raw_days", "gauge", "days whose raw events are kept", size.raw_days);
    }
    if (store_last_purge(ask->store, &purged) == STORE_OK)
        one(text, "footfall_last_purge_timestamp_seconds", "gauge", "when the last purge ended",
            (uint64_t)(purged - purged % 3600));
}

/* Today's installs by platform and release, an app each. */
struct today {
    const struct config *config;
    struct texts *texts;
    struct groups **groups; /* by place in the configuration */
};

static void today_row(void *context, const struct store_count *count)
{
    struct today *today = context;
    const struct config_app *app = config_app(today->config, count->app);
    struct stats_sums sums = stats_sums_of(count);
    struct groups **groups;

    if (app == NULL)
        return;
    groups = &today->groups[app - today->config->apps];
    if (*groups == NULL)
        *groups = groups_new(false);
    if (*groups != NULL)
        groups_add(*groups, count->day, texts_keep(today->texts, count->platform),
                   texts_keep(today->texts, count->release), &sums);
}

static void put_row(struct text *text, const char *app, const struct stats_row *row)
{
    const struct {
        const char *event;
        uint64_t value;
    } sums[] = {{"install_start", row->sums.starts},
                {"install_complete", row->sums.completes},
                {"install_failed", row->sums.failures}};

    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        put(text,
            "footfall_today_events{app=\"%s\",event=\"%s\",platform=\"%s\",release=\"%s\"} %llu\n",
            app, sums[i].event, row->key, row->key2, (unsigned long long)sums[i].value);
}

/* Folded as the public figures are; an app of fewer than k has no row. */
static void put_app(struct text *text, const struct config *config, size_t app,
                    struct groups *groups)
{
    size_t most = ALL_ROWS_MAX / config->app_count;
    struct stats_table table = {NULL, 0};

    if (groups == NULL ||
        !groups_end(groups, config->k, most < APP_ROWS_MAX ? most : APP_ROWS_MAX, &table) ||
        (table.count == 1 && groups_installs(&table.rows[0].sums) < config->k))
        table.count = 0;
    for (size_t i = 0; i < table.count; i++)
        put_row(text, config->apps[app].name, &table.rows[i]);
    free(table.rows);
}

static void put_today(struct text *text, const struct ask *ask)
{
    const struct config *config = ask->config;
    int32_t day = (int32_t)(ask->now / CLOCK_DAY);
    struct store_filter filter = {.first_day = day, .last_day = day};
    struct today today = {.config = config,
                          .texts = texts_new(),
                          /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
                          .groups = calloc(config->app_count, sizeof *today.groups)};
    bool ok = today.texts != NULL && today.groups != NULL &&
              store_each_count(ask->store, &filter, today_row, &today) == STORE_OK;

    head(text, "footfall_today_events", "gauge",
         "events of this UTC day, cells of fewer than k installs folded into other");
    for (size_t i = 0; i < config->app_count && today.groups != NULL; i++) {
        if (ok)
            put_app(text, config, i, today.groups[i]);
        groups_free(today.groups[i]);
    }
    free(today.groups);
    texts_free(today.texts);
}

static void forward_line(void *context, const char *line)
{
    put(context, "%s\n", line);
}

void pages_metrics(const struct ask *ask, struct answer *answer)
{
    struct text text = {.bytes = NULL};

    put_service(&text, ask->service);
    put_commits(&text, ask->service);
    put_store(&text, ask);
    pthread_mutex_lock(&ask->service->forward_lock);
    forward_metrics(ask->service->forward, forward_line, &text);
    pthread_mutex_unlock(&ask->service->forward_lock);
    head(&text, "footfall_build_info", "gauge", "the version of this program");
    put(&text, "footfall_build_info{version=\"%s\"} 1\n", FOOTFALL_VERSION);
    put_today(&text, ask); /* last, as it is what grows */
    if (text.bytes == NULL)
        return;
    answer->status = 200;
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer->body = text.bytes;
    answer->len = text.len;
    answer->owned = true;
    answer_header(answer, "Cache-Control", "no-store");
}

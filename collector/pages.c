#include "forward_lane.h"
#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cJSON.h"
#include "config.h"
#include "schema.h"
#include "stats.h"

/* Public figures may be read by any site's own page. */
static void give_json(struct answer *answer, unsigned status, char *text, size_t len)
{
    if (text == NULL)
        return; /* no memory: status 0 says so */
    answer->status = status;
    answer->content_type = "application/json";
    answer->body = text;
    answer->len = len;
    answer->owned = true;
    answer_header(answer, "Cache-Control", "no-cache");
    answer_header(answer, "Access-Control-Allow-Origin", "*");
}

static void give_tree(struct answer *answer, cJSON *root)
{
    char *text = cJSON_Print(root);

    cJSON_Delete(root);
    give_json(answer, 200, text, text == NULL ? 0 : strlen(text));
}

void pages_schema(const struct ask *ask, struct answer *answer)
{
    (void)ask;
    give_tree(answer, schema_json());
    answer->content_type = "application/schema+json";
}

void pages_stats(const struct ask *ask, struct answer *answer)
{
    struct stats_query query;
    struct stats *stats;
    const char *wrong = ask->unknown != NULL
                            ? ask->unknown
                            : stats_query_read(&query, ask->now, ask->query, ask->query_context);
    char *text, body[96];
    size_t len;

    if (wrong != NULL) {
        snprintf(body, sizeof body, "{\"error\":\"invalid_parameter\",\"field\":\"%s\"}\n", wrong);
        give_json(answer, 400, strdup(body), strlen(body));
        return;
    }
    if (stats_collect(ask->store, &query, ask->config->k, ask->now, &stats) != STORE_OK)
        return;
    text = stats_json(stats, &len);
    stats_free(stats);
    give_json(answer, 200, text, len);
}

static void add_fields(cJSON *root)
{
    cJSON *fields = cJSON_AddArrayToObject(root, "fields");

    for (enum event_member m = 0; m < EVENT_MEMBERS; m++) {
        cJSON *field = cJSON_CreateObject();
        cJSON_AddStringToObject(field, "name", event_fields[m].name);
        cJSON_AddStringToObject(field, "description", event_fields[m].description);
        cJSON_AddItemToArray(fields, field);
    }
}

static void add_forwarding(cJSON *object, const struct config_app *app)
{
    cJSON *targets = cJSON_AddArrayToObject(object, "forwarded_to");

    if (forward_wanted(FORWARD_GA4, app))
        cJSON_AddItemToArray(targets, cJSON_CreateString("Google Analytics 4"));
    if (forward_wanted(FORWARD_POSTHOG, app))
        cJSON_AddItemToArray(targets, cJSON_CreateString("PostHog"));
}

static void add_apps(cJSON *root, const struct config *config)
{
    cJSON *apps = cJSON_AddArrayToObject(root, "apps");

    for (size_t i = 0; i < config->app_count; i++) {
        const struct config_app *app = &config->apps[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "app", app->name);
        cJSON_AddNumberToObject(object, "retention_days", app->retention_days);
        cJSON_AddNumberToObject(object, "daily_events_per_id", app->daily_cap);
        cJSON_AddBoolToObject(object, "retired", app->retired);
        add_forwarding(object, app);
        cJSON_AddItemToArray(apps, object);
    }
}

void pages_policy(const struct ask *ask, struct answer *answer)
{
    const struct config_app *app = config_app(ask->config, "");
    cJSON *root;
    int64_t purged;
    char hour[21];

    if (store_last_purge(ask->store, &purged) != STORE_OK)
        return;
    root = cJSON_CreateObject();
    add_fields(root);
    cJSON_AddStringToObject(root, "schema", "/v1/schema");
    cJSON_AddNumberToObject(root, "retention_days",
                            app == NULL ? ask->config->preset.retention_days : app->retention_days);
    stats_hour_text(purged, hour);
    if (purged == 0)
        cJSON_AddNullToObject(root, "last_purge");
    else
        cJSON_AddStringToObject(root, "last_purge", hour);
    cJSON_AddNumberToObject(root, "k", ask->config->k);
    cJSON_AddStringToObject(root, "time", "the collector's time of receipt; to the hour in public");
    cJSON_AddStringToObject(root, "addresses", "in memory for rate limits, never stored or logged");
    cJSON_AddStringToObject(root, "kept_for_ever", "daily counts without client ids");
    cJSON_AddStringToObject(root, "erase", "DELETE /v1/install/{cid}");
    add_apps(root, ask->config);
    give_tree(answer, root);
}

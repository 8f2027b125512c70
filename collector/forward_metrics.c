/* What forwarding tells Prometheus. */
#include <inttypes.h>
#include <stdio.h>

#include "forward.h"
#include "forward_lane.h"

#define LINE_MAX_BYTES 256

struct output {
    void (*line)(void *context, const char *text);
    void *context;
};

struct family {
    const char *name, *type, *help;
    int64_t (*value)(struct forward_lane *lane);
};

static int64_t sent(struct forward_lane *lane)
{
    return (int64_t)atomic_load(&lane->sent);
}

static int64_t failures(struct forward_lane *lane)
{
    return (int64_t)atomic_load(&lane->failures);
}

static int64_t last_success(struct forward_lane *lane)
{
    return atomic_load(&lane->last_success);
}

static int64_t waiting_since(struct forward_lane *lane)
{
    return atomic_load(&lane->waiting_since);
}

static const struct family families[] = {
    {"footfall_forward_sent_total", "counter", "Events a service has taken.", sent},
    {"footfall_forward_failures_total", "counter", "Attempts that will be made again.", failures},
    {"footfall_forward_last_success_timestamp_seconds", "gauge",
     "When a service last took events, 0 = not since the start.", last_success},
    {"footfall_forward_waiting_since_timestamp_seconds", "gauge",
     "When the oldest event that waits was received, 0 = none waits.", waiting_since},
};

static void put_head(const struct output *out, const char *name, const char *type, const char *help)
{
    char text[LINE_MAX_BYTES];

    snprintf(text, sizeof text, "# HELP %s %s", name, help);
    out->line(out->context, text);
    snprintf(text, sizeof text, "# TYPE %s %s", name, type);
    out->line(out->context, text);
}

static void put_family(const struct output *out, struct forward *forward,
                       const struct family *family)
{
    char text[LINE_MAX_BYTES];

    put_head(out, family->name, family->type, family->help);
    for (struct forward_lane *lane = forward_lane_next(forward, NULL); lane;
         lane = forward_lane_next(forward, lane)) {
        snprintf(text, sizeof text, "%s{app=\"%s\",target=\"%s\"} %" PRId64, family->name,
                 lane->app->name, forward_service_name(lane->service), family->value(lane));
        out->line(out->context, text);
    }
}

static void put_drops(const struct output *out, struct forward *forward)
{
    static const char name[] = "footfall_forward_dropped_total";
    char text[LINE_MAX_BYTES];

    put_head(
        out, name, "counter",
        "Events given up: too late for the service, refused by it, or purged while they waited.");
    for (struct forward_lane *lane = forward_lane_next(forward, NULL); lane;
         lane = forward_lane_next(forward, lane))
        for (int i = 0; i < FORWARD_DROPS; i++) {
            snprintf(text, sizeof text, "%s{app=\"%s\",target=\"%s\",reason=\"%s\"} %" PRIu64, name,
                     lane->app->name, forward_service_name(lane->service),
                     forward_drop_name((enum forward_drop)i),
                     (uint64_t)atomic_load(&lane->dropped[i]));
            out->line(out->context, text);
        }
}

void forward_metrics(struct forward *forward, void (*line)(void *context, const char *text),
                     void *context)
{
    struct output out = {line, context};

    if (!forward)
        return;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        put_family(&out, forward, &families[i]);
    put_drops(&out, forward);
}

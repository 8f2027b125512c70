#include "forward_lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cJSON.h"

#include "clock.h"
#include "ga4.h"
#include "log.h"
#include "posthog.h"
#include "random.h"

#define IDLE_MS 500

enum result { DELIVERED, REFUSED, FAILED };

static size_t events_max(enum forward_service service)
{
    return service == FORWARD_GA4 ? GA4_EVENTS_MAX : POSTHOG_EVENTS_MAX;
}

static int64_t jitter_ms(int64_t span)
{
    uint32_t random = 0;

    if (!random_bytes(&random, sizeof random))
        return 0;
    return (int64_t)(random % (uint32_t)span);
}

/* Half of the pause is certain, half is chance: collectors that lost a service together do not come
 * back to it together. */
static void back_off(struct forward_lane *lane, const struct forward_world *world, long retry_after,
                     const char *reason)
{
    unsigned doublings = lane->attempts < 16 ? lane->attempts : 16;
    int64_t pause = (int64_t)(FORWARD_BACKOFF_LEAST * 1000) << doublings;

    if (pause > FORWARD_BACKOFF_MOST * 1000)
        pause = FORWARD_BACKOFF_MOST * 1000;
    pause = pause / 2 + jitter_ms(pause / 2);
    if (pause < retry_after * 1000)
        pause = retry_after * 1000;
    lane->due = world->steady + pause;
    lane->attempts++;
    atomic_fetch_add(&lane->failures, 1);
    if (!lane->failing)
        log_line(LOG_WARN, "forwarding stands still; it will be tried again", "app",
                 lane->app->name, "target", forward_service_name(lane->service), "reason", reason,
                 NULL);
    lane->failing = true;
}

static void note_success(struct forward_lane *lane, const struct forward_world *world, size_t sent)
{
    if (lane->failing)
        log_line(LOG_INFO, "forwarding works again", "app", lane->app->name, "target",
                 forward_service_name(lane->service), NULL);
    lane->failing = false;
    lane->attempts = 0;
    lane->most =
        2 * lane->most < events_max(lane->service) ? 2 * lane->most : events_max(lane->service);
    atomic_fetch_add(&lane->sent, sent);
    atomic_store(&lane->last_success, world->now);
}

static void drop(struct forward_lane *lane, enum forward_drop why, size_t count)
{
    char number[24];

    snprintf(number, sizeof number, "%zu", count);
    atomic_fetch_add(&lane->dropped[why], count);
    log_line(LOG_WARN, "events not forwarded", "app", lane->app->name, "target",
             forward_service_name(lane->service), "events", number, "reason",
             forward_drop_name(why), NULL);
}

static char *body_of(const struct forward_lane *lane, const struct store_outgoing *events,
                     size_t count)
{
    return lane->service == FORWARD_GA4 ? ga4_body(events, count)
                                        : posthog_body(lane->secret, events, count);
}

/* GA4 says yes to everything; PostHog points at a bad event with 400 or 413, and takes events over
 * the paid quota without keeping them. */
static enum result judge(const struct forward_lane *lane, struct forward_reply *reply,
                         char reason[64])
{
    snprintf(reason, 64, "%s", reply->reason ? reply->reason : "");
    if (reply->reason)
        return FAILED;
    snprintf(reason, 64, "status %ld", reply->status);
    if (lane->service == FORWARD_POSTHOG && (reply->status == 400 || reply->status == 413))
        return REFUSED;
    if (reply->status / 100 != 2)
        return FAILED;
    if (lane->service == FORWARD_POSTHOG && strstr(reply->text, "\"quota_limited\":[\"")) {
        snprintf(reason, 64, "over the quota");
        return FAILED;
    }
    return DELIVERED;
}

/* Sends a run of events that fit one request. Returns how many are done with: sent, or given up.
 * 0 means: not now. */
static size_t send_run(struct forward_lane *lane, struct forward_world *world,
                       const struct store_outgoing *events, size_t count)
{
    size_t run = lane->service == FORWARD_GA4 ? ga4_run(events, count) : count;
    char *body = body_of(lane, events, run);
    struct forward_reply reply;
    char reason[64];

    if (!body) {
        drop(lane, FORWARD_DROP_REFUSED, 1);
        return 1;
    }
    world->post(world->post_context, lane->url, body, &reply);
    cJSON_free(body);
    if (reply.status == 0 && atomic_load(world->stop))
        return 0;
    switch (judge(lane, &reply, reason)) {
    case DELIVERED:
        note_success(lane, world, run);
        return run;
    case REFUSED:
        if (run == 1) {
            drop(lane, FORWARD_DROP_REFUSED, 1);
            return 1;
        }
        lane->most = run / 2;
        lane->due = world->steady;
        return 0;
    case FAILED:
        break;
    }
    back_off(lane, world, reply.retry_after, reason);
    return 0;
}

/* The events are in order of time, so those that are too late come first. */
static size_t drop_late(struct forward_lane *lane, const struct forward_world *world,
                        const struct store_outgoing *events, size_t count)
{
    size_t late = 0;

    if (lane->service != FORWARD_GA4)
        return 0;
    while (late < count && !ga4_in_time(events[late].received, world->now))
        late++;
    if (late > 0)
        drop(lane, FORWARD_DROP_LATE, late);
    return late;
}

static void send_batch(struct forward_lane *lane, struct forward_world *world, size_t count)
{
    size_t done = drop_late(lane, world, world->room, count);

    while (done < count && !atomic_load(world->stop)) {
        size_t step = send_run(lane, world, world->room + done, count - done);
        if (step == 0)
            break;
        done += step;
    }
    if (done == 0)
        return;
    lane->cursor = world->room[done - 1].after;
    if (store_outbox_ack(world->store, lane->app->name, forward_service_name(lane->service),
                         &lane->cursor) != STORE_OK)
        back_off(lane, world, 0, "the store cannot be written");
}

bool forward_lane_open(struct forward_lane *lane, const struct forward_world *world)
{
    if (lane->open)
        return true;
    if (store_outbox_open(world->store, lane->app->name, forward_service_name(lane->service),
                          &lane->cursor) != STORE_OK) {
        back_off(lane, world, 0, "the store cannot be read");
        return false;
    }
    lane->most = events_max(lane->service);
    lane->open = true;
    return true;
}

/* After a clock that was ahead, and under one that is behind, events come in before the cursor and
 * are not read. To go back would send again all that lies between, so that it waits. */
static void note_idle(struct forward_lane *lane, const struct forward_world *world)
{
    bool ahead = lane->cursor.day > world->now / CLOCK_DAY;

    if (ahead && !lane->ahead)
        log_line(LOG_WARN,
                 "forwarding waits until the clock reaches the day of the last event sent", "app",
                 lane->app->name, "target", forward_service_name(lane->service), NULL);
    if (!ahead || !lane->ahead)
        atomic_store(&lane->waiting_since, ahead ? world->now : 0);
    lane->ahead = ahead;
}

/* What the purge took while it waited cannot be read any more: the store has counted it. */
static void note_purged(struct forward_lane *lane, const struct forward_world *world)
{
    uint64_t purged;

    if (store_outbox_purged(world->store, lane->app->name, forward_service_name(lane->service),
                            &purged) == STORE_OK &&
        purged > 0)
        drop(lane, FORWARD_DROP_PURGED, (size_t)purged);
}

bool forward_lane_step(struct forward_lane *lane, struct forward_world *world)
{
    size_t count = 0;
    struct store_cursor behind;

    if (world->steady < lane->due || !forward_lane_open(lane, world))
        return false;
    uint64_t generation = store_generation(world->store);
    if (generation == lane->seen)
        return false;
    note_purged(lane, world);
    behind = lane->cursor;
    if (store_outbox_read(world->store, lane->app->name, &behind, world->room, lane->most,
                          &count) != STORE_OK) {
        back_off(lane, world, 0, "the store cannot be read");
        return false;
    }
    if (count == 0) {
        lane->cursor = behind;
        lane->seen = generation;
        lane->due = world->steady + IDLE_MS;
        note_idle(lane, world);
        return false;
    }
    atomic_store(&lane->waiting_since, world->room[0].received);
    send_batch(lane, world, count);
    return world->steady >= lane->due && !atomic_load(world->stop);
}

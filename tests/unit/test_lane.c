/* One app's way to one service, with a store, a network and a clock made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forward_lane.h"

#define EVENTS 8
#define NOW    1795264000

/* The store: EVENTS events in one row, and how far they are acknowledged. */
static struct {
    int64_t received[EVENTS];
    uint32_t acknowledged;
    uint64_t generation, purged;
    int32_t day;
} outbox;

uint64_t store_generation(struct store *store)
{
    (void)store;
    return outbox.generation;
}

enum store_error store_outbox_open(struct store *store, const char *app, const char *target,
                                   struct store_cursor *cursor)
{
    (void)store, (void)app, (void)target;
    *cursor = (struct store_cursor){.day = outbox.day, .row = 1, .index = outbox.acknowledged};
    return STORE_OK;
}

enum store_error store_outbox_read(struct store *store, const char *app,
                                   struct store_cursor *cursor, struct store_outgoing *events,
                                   size_t max, size_t *count)
{
    (void)store, (void)app;
    for (*count = 0; *count < max && cursor->index < EVENTS; ++*count) {
        struct store_outgoing *out = &events[*count];
        out->received = outbox.received[cursor->index];
        for (int i = 0; i < EVENT_MEMBERS; i++)
            event_set(&out->event, (enum event_member)i, event_fields[i].example);
        cursor->index++;
        out->after = *cursor;
    }
    return STORE_OK;
}

enum store_error store_outbox_ack(struct store *store, const char *app, const char *target,
                                  const struct store_cursor *cursor)
{
    (void)store, (void)app, (void)target;
    outbox.acknowledged = cursor->index;
    return STORE_OK;
}

enum store_error store_outbox_purged(struct store *store, const char *app, const char *target,
                                     uint64_t *events)
{
    (void)store, (void)app, (void)target;
    *events = outbox.purged;
    outbox.purged = 0;
    return STORE_OK;
}

/* The service: what it answers, how often it was asked, and how many events it was sent last. */
static struct {
    struct forward_reply reply;
    unsigned posts;
    size_t last;
} service;

static void post(void *context, const char *url, const char *body, struct forward_reply *reply)
{
    (void)context, (void)url;
    service.posts++;
    service.last = 0;
    for (const char *at = body; (at = strstr(at, "\"release\"")) != NULL; at++)
        service.last++;
    *reply = service.reply;
}

static struct store_outgoing room[FORWARD_ROOM];
static atomic_bool stopped;
static struct config_app app = {.name = "a",
                                .ga4_measurement_id = "G-1",
                                .ga4_url = "https://ga4.example",
                                .posthog_url = "https://posthog.example"};

static struct forward_world begin(struct forward_lane *lane, enum forward_service to)
{
    char message[CONFIG_MESSAGE_MAX];

    memset(&outbox, 0, sizeof outbox);
    memset(&service, 0, sizeof service);
    for (size_t i = 0; i < EVENTS; i++)
        outbox.received[i] = NOW - 10;
    outbox.generation = 1;
    outbox.day = 1;
    service.reply.status = 200;
    memset(lane, 0, sizeof *lane);
    assert_int_equal(forward_lane_setup(lane, to, &app, message), FORWARD_SETUP_READY);
    return (struct forward_world){
        .room = room, .post = post, .stop = &stopped, .now = NOW, .steady = 1000000};
}

static void all_is_sent_and_acknowledged(void **state)
{
    struct forward_lane lane;

    (void)state;
    for (int to = 0; to < FORWARD_SERVICES; to++) {
        struct forward_world world = begin(&lane, (enum forward_service)to);
        assert_true(forward_lane_step(&lane, &world));
        assert_int_equal(outbox.acknowledged, EVENTS);
        assert_int_equal(atomic_load(&lane.sent), EVENTS);
        assert_int_equal(service.posts, 1);
        assert_false(forward_lane_step(&lane, &world));
        assert_int_equal(atomic_load(&lane.waiting_since), 0);
        world.steady += 1000;
        assert_false(forward_lane_step(&lane, &world));
        assert_int_equal(service.posts, 1);
    }
}

static void pauses_grow_to_their_limit(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_POSTHOG);

    (void)state;
    service.reply.status = 500;
    for (int64_t whole = 1000, i = 0; i < 20; i++) {
        assert_false(forward_lane_step(&lane, &world));
        int64_t pause = lane.due - world.steady;
        assert_in_range(pause, whole / 2, whole);
        world.steady = lane.due - 1;
        assert_false(forward_lane_step(&lane, &world));
        assert_int_equal(service.posts, i + 1);
        world.steady = lane.due;
        whole = 2 * whole < 300000 ? 2 * whole : 300000;
    }
    assert_int_equal(outbox.acknowledged, 0);
    service.reply.status = 200;
    assert_true(forward_lane_step(&lane, &world));
    assert_int_equal(outbox.acknowledged, EVENTS);
    assert_int_equal(lane.attempts, 0);
}

static void a_service_may_ask_for_a_longer_pause(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_GA4);

    (void)state;
    service.reply.status = 503;
    service.reply.retry_after = 90;
    assert_false(forward_lane_step(&lane, &world));
    assert_int_equal(lane.due - world.steady, 90000);
}

static void a_refused_batch_is_halved_until_the_bad_event_is_alone(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_POSTHOG);
    const size_t sizes[] = {8, 4, 2, 1};

    (void)state;
    service.reply.status = 400;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        forward_lane_step(&lane, &world);
        assert_int_equal(service.last, sizes[i]);
    }
    assert_int_equal(atomic_load(&lane.dropped[FORWARD_DROP_REFUSED]), 1);
    assert_int_equal(outbox.acknowledged, 1);
    service.reply.status = 200;
    while (forward_lane_step(&lane, &world))
        assert_in_range(outbox.acknowledged, 2, EVENTS);
    assert_int_equal(outbox.acknowledged, EVENTS);
    assert_int_equal(atomic_load(&lane.sent), EVENTS - 1);
}

static void ga4_is_spared_what_is_too_late(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_GA4);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        outbox.received[i] = NOW - 72 * 3600;
    assert_true(forward_lane_step(&lane, &world));
    assert_int_equal(atomic_load(&lane.dropped[FORWARD_DROP_LATE]), 3);
    assert_int_equal(service.last, EVENTS - 3);
    assert_int_equal(outbox.acknowledged, EVENTS);
}

static void a_cursor_ahead_of_the_clock_shows(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_POSTHOG);

    (void)state;
    outbox.day = NOW / 86400 + 2;
    assert_true(forward_lane_step(&lane, &world));
    for (int i = 0; i < 3; i++) {
        assert_false(forward_lane_step(&lane, &world));
        assert_int_equal(atomic_load(&lane.waiting_since), NOW);
        world.steady += 1000;
        world.now += 1;
        outbox.generation++;
    }
    world.now = NOW + 2 * 86400;
    assert_false(forward_lane_step(&lane, &world));
    assert_int_equal(atomic_load(&lane.waiting_since), 0);
}

static void what_the_purge_took_is_counted_once(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_POSTHOG);

    (void)state;
    outbox.purged = 7;
    assert_true(forward_lane_step(&lane, &world));
    assert_false(forward_lane_step(&lane, &world));
    assert_int_equal(atomic_load(&lane.dropped[FORWARD_DROP_PURGED]), 7);
    assert_int_equal(atomic_load(&lane.sent), EVENTS);
}

static void nothing_is_begun_after_the_end(void **state)
{
    struct forward_lane lane;
    struct forward_world world = begin(&lane, FORWARD_GA4);

    (void)state;
    atomic_store(&stopped, true);
    assert_false(forward_lane_step(&lane, &world));
    atomic_store(&stopped, false);
    assert_int_equal(service.posts, 0);
    assert_int_equal(outbox.acknowledged, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_sent_and_acknowledged),
        cmocka_unit_test(pauses_grow_to_their_limit),
        cmocka_unit_test(a_service_may_ask_for_a_longer_pause),
        cmocka_unit_test(a_refused_batch_is_halved_until_the_bad_event_is_alone),
        cmocka_unit_test(ga4_is_spared_what_is_too_late),
        cmocka_unit_test(a_cursor_ahead_of_the_clock_shows),
        cmocka_unit_test(what_the_purge_took_is_counted_once),
        cmocka_unit_test(nothing_is_begun_after_the_end),
    };

    setenv("FOOTFALL_GA4_SECRET", "s", 1);
    setenv("FOOTFALL_POSTHOG_KEY", "k", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

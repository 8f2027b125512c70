/* The pure parts of forwarding: bodies, addresses and limits of GA4 and PostHog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cJSON.h"

#include "ga4.h"
#include "posthog.h"

#define CID_A "9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"
#define CID_B "1c0d8a54-77aa-4e0e-9d6f-0242ac130002"

static struct store_outgoing make(const char *label, const char *cid, int64_t row, uint32_t index)
{
    struct store_outgoing out = {.received = 1795264000, .after = {.row = row, .index = index}};

    for (int i = 0; i < EVENT_MEMBERS; i++)
        event_set(&out.event, (enum event_member)i, event_fields[i].example);
    event_set(&out.event, EVENT_LABEL, label);
    event_set(&out.event, EVENT_CID, cid);
    return out;
}

static void ga4_body_is_exact(void **state)
{
    struct store_outgoing one = make("install_start", CID_A, 1, 1);
    char *body = ga4_body(&one, 1);

    (void)state;
    assert_string_equal(
        body,
        "{\"client_id\":\"" CID_A "\",\"consent\":{\"ad_user_data\":\"DENIED\","
        "\"ad_personalization\":\"DENIED\"},\"events\":[{\"name\":\"install_start\","
        "\"timestamp_micros\":1795264000000000,\"params\":{\"os\":\"linux\",\"arch\":\"x86_64\","
        "\"platform\":\"linux-x86_64\",\"release\":\"v0.1.2\",\"method\":\"shell\","
        "\"session_id\":\"1795219200\",\"engagement_time_msec\":1}}]}");
    cJSON_free(body);
}

static void ga4_body_keeps_the_limits(void **state)
{
    struct store_outgoing many[GA4_EVENTS_MAX + 1];

    (void)state;
    for (size_t i = 0; i <= GA4_EVENTS_MAX; i++)
        many[i] = make("install_start", CID_A, 1, (uint32_t)i);
    char *body = ga4_body(many, GA4_EVENTS_MAX);
    assert_non_null(body);
    cJSON_free(body);
    assert_null(ga4_body(many, GA4_EVENTS_MAX + 1));
    assert_null(ga4_body(many, 0));
    many[1] = make("install_start", CID_B, 1, 1);
    assert_null(ga4_body(many, 2));
}

static void ga4_run_ends_with_the_id_or_the_limit(void **state)
{
    struct store_outgoing many[GA4_EVENTS_MAX + 1];

    (void)state;
    for (size_t i = 0; i <= GA4_EVENTS_MAX; i++)
        many[i] = make("install_start", CID_A, 1, (uint32_t)i);
    assert_int_equal(ga4_run(many, GA4_EVENTS_MAX + 1), GA4_EVENTS_MAX);
    many[2] = make("install_start", CID_B, 1, 2);
    assert_int_equal(ga4_run(many, 4), 2);
    assert_int_equal(ga4_run(many, 1), 1);
}

static void ga4_takes_72_hours(void **state)
{
    (void)state;
    assert_true(ga4_in_time(1000, 1000 + 72 * 3600 - 1));
    assert_false(ga4_in_time(1000, 1000 + 72 * 3600));
    assert_true(ga4_in_time(1000, 900));
}

static void ga4_url_takes_tokens_only(void **state)
{
    char url[256];

    (void)state;
    assert_true(ga4_url("https://a.example", "G-AB12", "s_e-c", url, sizeof url));
    assert_string_equal(url, "https://a.example/mp/collect?measurement_id=G-AB12&api_secret=s_e-c");
    assert_false(ga4_url("https://a.example", "G-AB12&x=1", "s", url, sizeof url));
    assert_false(ga4_url("https://a.example", "G-AB12", "", url, sizeof url));
    assert_false(ga4_url("https://a.example", "G-AB12", "s", url, 30));
}

static void posthog_body_is_exact(void **state)
{
    struct store_outgoing one = make("install_complete", CID_A, 7, 2);
    char uuid[POSTHOG_UUID_SIZE], expected[1024];

    (void)state;
    posthog_uuid(&one, uuid);
    snprintf(
        expected, sizeof expected,
        "{\"api_key\":\"phc_k\",\"historical_migration\":false,\"batch\":[{\"event\":\"install_complete\","
        "\"distinct_id\":\"" CID_A "\",\"uuid\":\"%s\",\"timestamp\":\"2026-11-21T12:26:40Z\","
        "\"properties\":{\"os\":\"linux\",\"arch\":\"x86_64\",\"platform\":\"linux-x86_64\","
        "\"release\":\"v0.1.2\",\"method\":\"shell\",\"$process_person_profile\":false,"
        "\"$geoip_disable\":true,\"$lib\":\"footfall-collector\"}}]}",
        uuid);
    char *body = posthog_body("phc_k", &one, 1);
    assert_string_equal(body, expected);
    cJSON_free(body);
}

static void posthog_uuid_is_the_events_own(void **state)
{
    struct store_outgoing events[] = {
        make("install_start", CID_A, 7, 2), make("install_start", CID_A, 7, 3),
        make("install_start", CID_A, 8, 2), make("install_start", CID_B, 7, 2)};
    char first[POSTHOG_UUID_SIZE], other[POSTHOG_UUID_SIZE];

    (void)state;
    posthog_uuid(&events[0], first);
    posthog_uuid(&events[0], other);
    assert_string_equal(first, other);
    assert_int_equal(strlen(first), 36);
    assert_int_equal(first[14], '8');
    assert_non_null(strchr("89ab", first[19]));
    for (size_t i = 1; i < sizeof events / sizeof events[0]; i++) {
        posthog_uuid(&events[i], other);
        assert_string_not_equal(first, other);
    }
    events[0].received++;
    posthog_uuid(&events[0], other);
    assert_string_not_equal(first, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ga4_body_is_exact),
        cmocka_unit_test(ga4_body_keeps_the_limits),
        cmocka_unit_test(ga4_run_ends_with_the_id_or_the_limit),
        cmocka_unit_test(ga4_takes_72_hours),
        cmocka_unit_test(ga4_url_takes_tokens_only),
        cmocka_unit_test(posthog_body_is_exact),
        cmocka_unit_test(posthog_uuid_is_the_events_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

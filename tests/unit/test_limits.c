/* Who may send how much: addresses, buckets, ids of a day, and when a clock is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"
#include "keeper_clock.h"
#include "limit.h"
#include "siphash.h"
#include "store_seen.h"

#define SECOND 1000000

/* The first vectors of the reference implementation, 128 bits: key 00..0f, inputs 00, 00 01, ... */
static void siphash_is_the_published_one(void **state)
{
    static const struct siphash_key key = {
        {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    static const struct siphash want[] = {
        {{UINT64_C(0xe6a825ba047f81a3), UINT64_C(0x930255c71472f66d)}},
        {{UINT64_C(0x44af996bd8c187da), UINT64_C(0x45fc229b11597634)}},
        {{UINT64_C(0xc75da4a48d227781), UINT64_C(0xe4ff0af6de8ba3fc)}},
    };
    unsigned char input[64];

    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (unsigned char)i;
    for (size_t len = 0; len < sizeof want / sizeof want[0]; len++) {
        struct siphash hash = siphash_of(&key, input, len);
        assert_memory_equal(&hash, &want[len], sizeof hash);
    }
}

static struct limit *new_limit(uint32_t per_minute)
{
    struct limit *limit = malloc(sizeof *limit);
    assert_non_null(limit);
    limit_reset(limit, per_minute);
    return limit;
}

static void a_bucket_holds_a_minutes_worth(void **state)
{
    struct limit *limit = new_limit(6);

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_int_equal(limit_take(limit, 7, 5 * SECOND), 0);
    assert_int_equal(limit_take(limit, 7, 5 * SECOND), 10);
    assert_int_equal(limit_take(limit, 8, 5 * SECOND), 0); /* another address */
    assert_int_equal(limit_take(limit, 7, 12 * SECOND), 3);
    assert_int_equal(limit_take(limit, 7, 15 * SECOND), 0);
    assert_int_equal(limit_take(limit, 7, 15 * SECOND), 10);
    for (int i = 0; i < 6; i++)
        assert_int_equal(limit_take(limit, 7, 1000 * SECOND), 0);
    assert_int_not_equal(limit_take(limit, 7, 1000 * SECOND), 0);
    free(limit);
}

static void no_limit_is_no_limit(void **state)
{
    struct limit *limit = new_limit(0);

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(limit_take(limit, 7, 0), 0);
    free(limit);
}

static void a_flood_of_addresses_does_not_free_the_busy_one(void **state)
{
    struct limit *limit = new_limit(60);
    uint64_t key = 0;

    (void)state;
    for (int i = 0; i < 60; i++)
        assert_int_equal(limit_take(limit, 4242, SECOND), 0);
    for (int i = 0; i < 1000000; i++) {
        key = key * UINT64_C(6364136223846793005) + 1442695040888963407;
        limit_take(limit, key, SECOND);
    }
    assert_int_not_equal(limit_take(limit, 4242, SECOND), 0);
    free(limit);
}

static struct address parse(const char *text)
{
    struct address address;
    assert_true(address_parse(text, strlen(text), &address));
    return address;
}

static void networks(void **state)
{
    static const char *const bad[] = {"",       "x",     "10.0.0.0/33", "10.0.0.0/", "/8",
                                      "::/129", "1.2.3", "10.0.0.0/8x", "::1/-1"};
    struct address_network network;
    struct address a = parse("10.1.2.3"), b = parse("::ffff:10.1.2.3"), c = parse("2001:db8::1");

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(address_network_parse(bad[i], strlen(bad[i]), &network));
    assert_true(address_network_parse("10.0.0.0/8", 10, &network));
    assert_true(address_in(&a, &network, 1) && address_in(&b, &network, 1) &&
                !address_in(&c, &network, 1));
    assert_true(address_network_parse("10.1.2.2/31", 11, &network));
    assert_true(address_in(&a, &network, 1));
    assert_true(address_network_parse("10.1.2.4/31", 11, &network));
    assert_false(address_in(&a, &network, 1));
    assert_true(address_network_parse("::/0", 4, &network));
    assert_true(address_in(&c, &network, 1));
}

static void the_client_behind_proxies(void **state)
{
    static const struct {
        const char *peer, *forwarded, *client;
    } cases[] = {
        {"198.51.100.1", "203.0.113.5", "198.51.100.1"}, /* a stranger is not believed */
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "203.0.113.5", "203.0.113.5"},
        {"10.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"},
        {"10.0.0.1", "1.1.1.1 ,\t203.0.113.5 , 10.9.9.9", "203.0.113.5"},
        {"10.0.0.1", "203.0.113.5, junk", "10.0.0.1"},
        {"10.0.0.1", "[2001:db8::7]", "2001:db8::7"},
        {"10.0.0.1", "203.0.113.5:49152", "203.0.113.5"},
        {"10.0.0.1", "[2001:db8::7]:49152", "2001:db8::7"},
        {"10.0.0.1", "2001:db8::7:4915", "2001:db8::7:4915"}, /* no port without brackets */
        {"10.0.0.1", "203.0.113.5:", "10.0.0.1"},
        {"10.0.0.1", ":5", "10.0.0.1"},
        {"10.0.0.1", ",,,", "10.0.0.1"},
        {"10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"},
    };
    struct address_network trusted;

    (void)state;
    assert_true(address_network_parse("10.0.0.0/8", 10, &trusted));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address peer = parse(cases[i].peer), want = parse(cases[i].client);
        struct address got = address_client(&peer, cases[i].forwarded, &trusted, 1);
        assert_memory_equal(&got, &want, sizeof got);
    }
}

static void a_household_is_a_64(void **state)
{
    struct address a = parse("2001:db8:1:2:3:4:5:6"), b = parse("2001:db8:1:2::1"),
                   c = parse("192.0.2.1");
    struct address cut_a = address_household(&a), cut_b = address_household(&b),
                   cut_c = address_household(&c);

    (void)state;
    assert_memory_equal(&cut_a, &cut_b, sizeof cut_a);
    assert_memory_equal(&cut_c, &c, sizeof c);
}

static void ids_are_counted_and_capped(void **state)
{
    struct seen seen = {0};
    size_t slots = 0;

    (void)state;
    assert_int_equal(seen_add(&seen, 5, 2, &slots), SEEN_NEW);
    assert_int_equal(seen_add(&seen, 5, 2, &slots), SEEN_AGAIN);
    assert_int_equal(seen_add(&seen, 5, 2, &slots), SEEN_CAPPED);
    assert_int_equal(seen_add(&seen, 0, 2, &slots), SEEN_NEW);
    assert_false(seen_undo(&seen, 5));
    assert_true(seen_undo(&seen, 5));
    assert_int_equal(seen_add(&seen, 5, 2, &slots), SEEN_NEW);
    seen_clear(&seen);
    assert_int_equal(seen_add(&seen, 5, 0, &slots), SEEN_NEW);
    seen_release(&seen, &slots);
    assert_int_equal(slots, 0);
}

/* Exact to the bound, then an estimate within three standard errors; never more memory. */
static void many_ids_are_estimated(void **state)
{
    struct seen seen = {0};
    size_t slots = 0, exact = 0;
    uint64_t key = 1;

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        key = key * UINT64_C(6364136223846793005) + 1442695040888963407;
        if (seen_add(&seen, key ^ key >> 29, 0, &slots) == SEEN_NEW)
            exact++;
    }
    assert_int_equal(exact, SEEN_EXACT_MAX);
    assert_in_range(seen_estimate(&seen), 976000, 1024000);
    assert_true(slots <= 2 * SEEN_EXACT_MAX);
    seen_release(&seen, &slots);
}

static void a_jumping_clock_is_believed_after_a_day(void **state)
{
    const int64_t start = 1795264000, day = 86400, year = 365 * day;
    struct keeper_clock clock = {0};

    (void)state;
    assert_true(keeper_clock_ok(&clock, start, 100));
    assert_true(keeper_clock_ok(&clock, start + 60, 160));
    assert_true(keeper_clock_ok(&clock, start + 60 + 1200, 161)); /* a correction, no jump */
    assert_false(keeper_clock_ok(&clock, start + year, 170));
    assert_false(keeper_clock_ok(&clock, start + year + 3600, 170 + 3600));
    assert_true(keeper_clock_ok(&clock, start + 8000, 170 + 6700)); /* back where it was */
    assert_false(keeper_clock_ok(&clock, start + year, 10000));
    assert_false(
        keeper_clock_ok(&clock, start + 2 * year, 11000)); /* another jump: a new day to wait */
    assert_false(keeper_clock_ok(&clock, start + 2 * year + day - 100, 11000 + day - 100));
    assert_true(keeper_clock_ok(&clock, start + 2 * year + day, 11000 + day));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_is_the_published_one),
        cmocka_unit_test(a_bucket_holds_a_minutes_worth),
        cmocka_unit_test(no_limit_is_no_limit),
        cmocka_unit_test(a_flood_of_addresses_does_not_free_the_busy_one),
        cmocka_unit_test(networks),
        cmocka_unit_test(the_client_behind_proxies),
        cmocka_unit_test(a_household_is_a_64),
        cmocka_unit_test(ids_are_counted_and_capped),
        cmocka_unit_test(many_ids_are_estimated),
        cmocka_unit_test(a_jumping_clock_is_believed_after_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

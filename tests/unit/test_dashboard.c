/* The pure parts of the dashboard: judgement of rates, order of releases, text, assets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"
#include "dashboard_assets.h"
#include "dashboard_rate.h"
#include "dashboard_text.h"

static struct stats_sums sums(uint64_t completes, uint64_t failures)
{
    return (struct stats_sums){.completes = completes, .failures = failures};
}

static void a_jump_is_large_and_no_chance(void **state)
{
    static const struct {
        uint64_t now[2], before[2];
        bool jumped;
    } rows[] = {
        {{880, 120}, {9700, 300}, true},  /* 12 % after 3 % */
        {{960, 40}, {9700, 300}, false},  /* 4 % after 3 %: too small, sure as it is */
        {{18, 2}, {9700, 300}, false},    /* 10 % of 20: chance */
        {{9, 10}, {9700, 300}, false},    /* too few to judge */
        {{880, 120}, {18, 1}, false},     /* no history to speak of */
        {{990, 10}, {8800, 1200}, false}, /* better than before */
        {{0, 40}, {40, 0}, true},         /* all fail now */
        {{1000, 0}, {1000, 0}, false},    /* none ever fails */
        {{0, 100}, {0, 100}, false},      /* all always fail */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stats_sums now = sums(rows[i].now[0], rows[i].now[1]);
        struct stats_sums before = sums(rows[i].before[0], rows[i].before[1]);
        assert_int_equal(rate_jumped(&now, &before), rows[i].jumped);
    }
}

static void heat_has_six_steps(void **state)
{
    static const struct {
        uint64_t completes, failures;
        int heat;
    } rows[] = {{0, 0, 0},  {1000, 9, 0}, {990, 10, 1}, {970, 30, 2},
                {94, 6, 3}, {88, 12, 4},  {75, 25, 5},  {0, 9, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stats_sums cell = sums(rows[i].completes, rows[i].failures);
        assert_int_equal(rate_heat(&cell), rows[i].heat);
    }
}

static void releases_are_in_order_of_age(void **state)
{
    static const char *const ordered[] = {
        "nightly",   "unknown",      "v0.9",          "v0.10.0-rc.1",   "v0.10.0",
        "v0.10.1",   "v1.0.0-alpha", "v1.0.0-beta.2", "v1.0.0-beta.11", "v1.0.0",
        "v1.0.00.1", "v1.2",         "v10.0"};

    (void)state;
    for (size_t i = 0; i < sizeof ordered / sizeof ordered[0]; i++)
        for (size_t j = 0; j < sizeof ordered / sizeof ordered[0]; j++) {
            int order = rate_compare_releases(ordered[i], ordered[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void text_escapes_and_counts(void **state)
{
    struct dashboard_text text = {.data = NULL};

    (void)state;
    dashboard_escape(&text, "<a href=\"x\">&");
    dashboard_put(&text, "|");
    dashboard_url(&text, "a b&c=d/é");
    dashboard_put(&text, "|");
    dashboard_number(&text, 7);
    dashboard_put(&text, "|");
    dashboard_number(&text, 1002003);
    dashboard_put(&text, "|");
    dashboard_share(&text, 1, 3);
    dashboard_put(&text, "|");
    dashboard_share(&text, 32, 1000);
    dashboard_put(&text, "|");
    dashboard_share(&text, 1, 100000);
    dashboard_put(&text, "|");
    dashboard_share(&text, 0, 5);
    dashboard_put(&text, "|");
    dashboard_share(&text, 0, 0);
    assert_string_equal(
        text.data, "&lt;a href=&quot;x&quot;&gt;&amp;|a%20b%26c%3Dd%2F%C3%A9|7|1,002,003|33%|3.2%|"
                   "&lt;0.1%|0%|–");
    assert_false(text.failed);
    dashboard_text_release(&text);
}

static void text_ends_at_its_limit(void **state)
{
    struct dashboard_text text = {.data = NULL};
    char block[4096];

    (void)state;
    memset(block, 'x', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    for (size_t i = 0; i < 2 * DASHBOARD_TEXT_MAX / sizeof block && !text.failed; i++)
        dashboard_put(&text, block);
    assert_true(text.failed);
    assert_true(text.len < DASHBOARD_TEXT_MAX);
    dashboard_text_release(&text);
}

static const char *header(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->headers; i++)
        if (strcmp(answer->header[i].name, name) == 0)
            return answer->header[i].value;
    return "";
}

static struct answer get(const char *path, const char *encoding, const char *tag)
{
    struct answer answer = {.status = 0};

    dashboard_asset(&(struct ask){.path = path, .accept_encoding = encoding, .if_none_match = tag},
                    &answer);
    return answer;
}

static void assets_come_compressed_where_taken(void **state)
{
    static const char path[] = "/assets/dashboard.css";

    (void)state;
    struct answer plain = get(path, NULL, NULL), small = get(path, "br, gzip;q=0.5", NULL);
    assert_int_equal(plain.status, 200);
    assert_string_equal(header(&plain, "Content-Encoding"), "");
    assert_string_equal(header(&small, "Content-Encoding"), "gzip");
    assert_true(small.len < plain.len / 2);
    assert_memory_equal(small.body, "\x1f\x8b", 2);
    assert_string_not_equal(header(&small, "ETag"), header(&plain, "ETag"));
    struct answer refused = get(path, "gzip;q=0, br", NULL);
    assert_string_equal(header(&refused, "Content-Encoding"), "");
    struct answer known = get(path, "gzip", header(&small, "ETag"));
    assert_int_equal(known.status, 304);
    assert_int_equal(known.len, 0);
    struct answer changed = get(path, "gzip", header(&plain, "ETag"));
    assert_int_equal(changed.status, 200);
    assert_int_equal(get("/assets/nothing.css", NULL, NULL).status, 404);
    assert_int_equal(get("/assets/../etc/passwd", NULL, NULL).status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jump_is_large_and_no_chance),
        cmocka_unit_test(heat_has_six_steps),
        cmocka_unit_test(releases_are_in_order_of_age),
        cmocka_unit_test(text_escapes_and_counts),
        cmocka_unit_test(text_ends_at_its_limit),
        cmocka_unit_test(assets_come_compressed_where_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

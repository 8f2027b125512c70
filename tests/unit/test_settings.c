/* Configuration, command line, routes and the parameters of the figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"
#include "pages.h"
#include "route.h"
#include "stats.h"

/* The routing table names pages; here nobody runs them. */
static void no_page(const struct ask *ask, struct answer *answer)
{
    (void)ask;
    answer->status = 0;
}
#define PAGE(name)                                                                                 \
    void name(const struct ask *ask, struct answer *answer)                                        \
    {                                                                                              \
        no_page(ask, answer);                                                                      \
    }
PAGE(pages_schema)
PAGE(pages_policy)
PAGE(pages_stats)
PAGE(pages_metrics)
PAGE(dashboard_page)
PAGE(dashboard_asset)

static bool parse(struct config *config, const char *text, char *message)
{
    config_init(config);
    return config_parse(config, "c.conf", text, strlen(text), message);
}

static void a_configuration_is_read(void **state)
{
    static const char text[] =
        "# comment\r\n\n  listen =  [::1]:1 \nretention-days=10\nlog-requests=yes\n"
        "[app a]\n[app b-2]\nretention-days = 20\nretired = yes\ndaily-cap=0";
    char message[CONFIG_MESSAGE_MAX];
    struct config config;

    (void)state;
    assert_true(parse(&config, text, message));
    assert_string_equal(config.listen, "[::1]:1");
    assert_true(config.log_requests && config.sandbox);
    assert_int_equal(config.app_count, 2);
    assert_int_equal(config_app(&config, "a")->retention_days, 10);
    assert_int_equal(config_app(&config, "b-2")->retention_days, 20);
    assert_true(config_app(&config, "b-2")->retired && !config_app(&config, "a")->retired);
    assert_int_equal(config_app(&config, "b-2")->daily_cap, 0);
    assert_null(config_app(&config, ""));
    assert_null(config_app(&config, "c"));
    config_release(&config);
}

static void faults_are_told_with_the_nearest_key(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"\nratelimit = 1",
         "c.conf:2: unknown key \"ratelimit\"; did you mean \"rate-limit\"? All keys: footfall-collector.conf(5)"},
        {"[app a]\nretird = yes",
         "c.conf:2: unknown key \"retird\"; did you mean \"retired\"? All keys: footfall-collector.conf(5)"},
        {"[app a]\nlisten = x",
         "c.conf:2: unknown key \"listen\"; it belongs above the first [app] section"},
        {"k = 5 # five",
         "c.conf:1: bad value \"5 # five\"; \"k\" takes a number from 1 to 1000000"},
        {"k = 99999999999999999999",
         "c.conf:1: bad value \"99999999999999999999\"; \"k\" takes a number from 1 to 1000000"},
        {"=", "c.conf:1: unknown key \"\"; all keys: footfall-collector.conf(5)"},
        {"[", "c.conf:1: unknown section \"[\"; write [app NAME]"},
        {"[app ]",
         "c.conf:1: bad app name \"\"; use lower-case letters, digits and -, a letter or digit first, at most 64"},
        {"log = tex", "c.conf:1: bad value \"tex\"; \"log\" is one of: text json"},
        {"log =", "c.conf:1: bad value \"\"; \"log\" is one of: text json"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[CONFIG_MESSAGE_MAX] = "";
        struct config config;

        assert_false(parse(&config, cases[i].text, message));
        assert_string_equal(message, cases[i].message);
        config_release(&config);
    }
}

static void the_command_line_wins(void **state)
{
    char *argv[] = {"x", "--db=a.db", "--rate-limit", "0", "--listen", "[::1]:0", NULL};
    char message[CONFIG_MESSAGE_MAX];
    struct options options;
    struct config config;

    (void)state;
    assert_true(options_read(&options, 6, argv, message));
    assert_int_equal(options.command, OPTIONS_SERVE);
    assert_true(parse(&config, "rate-limit = 5\n[app a]\n[app b]\ndaily-cap = 7\n", message));
    assert_true(options_apply(&options, &config, message));
    assert_int_equal(config.rate_limit, 0);
    assert_string_equal(config.db, "a.db");
    assert_int_equal(config_app(&config, "a")->daily_cap, 0);
    assert_int_equal(config_app(&config, "b")->daily_cap, 7);
    config_release(&config);
}

static void routes(void **state)
{
    struct route_match match;
    char allow[32];

    (void)state;
    match = route_find("/v1/apps/my-app/install/9b7f", "DELETE");
    assert_non_null(match.route);
    assert_string_equal(match.app, "my-app");
    assert_string_equal(match.cid, "9b7f");
    match = route_find("/v1/events", "GET");
    assert_null(match.route);
    route_allow(match.allowed, allow);
    assert_string_equal(allow, "POST");
    assert_int_equal(route_find("/v1/apps/a/b/events", "POST").allowed, 0);
    assert_int_equal(route_find("/v1/apps//events", "POST").allowed, 0);
    assert_int_equal(route_find("", "GET").allowed, 0);
    assert_int_equal(route_find("/assets/", "GET").allowed, 0);
    assert_non_null(route_find("/assets/a/b.js", "GET").route);
    assert_non_null(route_find("/", "HEAD").route);
    match = route_find("/v1/stats", "GET");
    assert_true(route_takes(match.route, "days") && route_takes(match.route, "app"));
    assert_false(route_takes(match.route, "day") || route_takes(match.route, ""));
    assert_false(route_takes(route_find("/metrics", "GET").route, "days"));
}

struct pairs {
    const char *name[4], *value[4];
};

static const char *get(void *context, const char *name)
{
    const struct pairs *pairs = context;

    for (int i = 0; i < 4; i++)
        if (pairs->name[i] != NULL && strcmp(pairs->name[i], name) == 0)
            return pairs->value[i];
    return NULL;
}

static const char *query(struct stats_query *out, const char *name, const char *value)
{
    struct pairs pairs = {{name}, {value}};
    return stats_query_read(out, 1795269600, get, &pairs); /* 2026-11-21 */
}

static void parameters_of_the_figures(void **state)
{
    struct stats_query out;
    char text[21];

    (void)state;
    assert_null(query(&out, "days", "1"));
    assert_int_equal(out.first_day, out.last_day);
    stats_day_text(out.last_day, text);
    assert_string_equal(text, "2026-11-21");
    stats_hour_text(1795269600 + 3599, text);
    assert_string_equal(text, "2026-11-21T14:00:00Z");
    assert_null(query(&out, "from", "2026-02-28"));
    assert_null(query(&out, "to", "2024-02-29"));
    assert_string_equal(query(&out, "to", "2026-02-29"), "to");
    assert_string_equal(query(&out, "from", "2026-11-22"), "from");
    assert_string_equal(query(&out, "days", "3661"), "days");
    assert_string_equal(query(&out, "release", "a\"b"), "release");
    assert_null(query(&out, "release", ""));
    assert_string_equal(out.release, "");
}

/* Every day of 200 years: the text of a day reads back as that day. */
static void days_have_one_text(void **state)
{
    struct stats_query out;
    char text[11];

    (void)state;
    for (int32_t day = 0; day < 73000; day++) {
        stats_day_text(day, text);
        assert_null(query(&out, "to", text));
        assert_int_equal(out.last_day, day);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_is_read),
        cmocka_unit_test(faults_are_told_with_the_nearest_key),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(routes),
        cmocka_unit_test(parameters_of_the_figures),
        cmocka_unit_test(days_have_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

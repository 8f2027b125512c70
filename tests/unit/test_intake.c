/* From bytes to an event: what is let in, what is refused, and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake.h"
#include "strict.h"

#define CID "9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"
#define REST                                                                                       \
    "\"os\":\"linux\",\"arch\":\"x86_64\",\"platform\":\"linux-x86_64\",\"release\":\"v1\","       \
    "\"method\":\"shell\",\"cid\":\"" CID "\""
#define GOOD "{\"event_label\":\"install_start\"," REST "}"

/* The bytes lie at the end of their own block, so that reading on is seen. */
static bool read_exact(const char *text, size_t len, struct intake *intake)
{
    char *copy = malloc(len == 0 ? 1 : len);
    bool ok;

    assert_non_null(copy);
    memcpy(copy, text, len);
    ok = intake_read(copy, len, intake);
    free(copy);
    return ok;
}

static void a_good_event_is_taken_whole(void **state)
{
    struct intake intake;

    (void)state;
    assert_true(read_exact(GOOD, strlen(GOOD), &intake));
    assert_string_equal(intake.event.value[EVENT_LABEL], "install_start");
    assert_string_equal(intake.event.value[EVENT_CID], CID);
    assert_string_equal(intake.event.value[EVENT_METHOD], "shell");
}

static void every_beginning_of_it_is_refused(void **state)
{
    struct intake intake;

    (void)state;
    for (size_t len = 0; len < strlen(GOOD); len++) {
        assert_false(read_exact(GOOD, len, &intake));
        assert_int_equal(intake.reason, REJECT_INVALID_JSON);
        assert_null(intake.field);
    }
}

static void no_byte_changed_yields_another_known_word(void **state)
{
    struct intake intake;
    char text[sizeof GOOD];

    (void)state;
    for (size_t at = 0; at < strlen(GOOD); at++)
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, GOOD, sizeof GOOD);
            text[at] = (char)byte;
            if (!read_exact(text, strlen(GOOD), &intake))
                continue;
            for (int m = 0; m < EVENT_MEMBERS; m++)
                assert_true(event_value_ok((enum event_member)m, intake.event.value[m],
                                           strlen(intake.event.value[m])));
        }
}

static void refusals_name_reason_and_member(void **state)
{
    static const struct {
        const char *text, *field;
        enum reject reason;
    } cases[] = {
        {"{\"event_label\":\"install\"," REST "}", "event_label", REJECT_INVALID_VALUE},
        {"{\"event_label\":7," REST "}", "event_label", REJECT_INVALID_VALUE},
        {"{" REST "}", "event_label", REJECT_MISSING_MEMBER},
        {"{}", "event_label", REJECT_MISSING_MEMBER},
        {"{\"event_label\":\"install_start\",\"os\":\"linux\"," REST "}", "os",
         REJECT_DUPLICATE_MEMBER},
        {GOOD GOOD, NULL, REJECT_INVALID_JSON},
        {"[" GOOD "]", NULL, REJECT_INVALID_JSON},
        {"\xef\xbb\xbf" GOOD, NULL, REJECT_INVALID_JSON},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct intake intake;
        assert_false(read_exact(cases[i].text, strlen(cases[i].text), &intake));
        assert_int_equal(intake.reason, cases[i].reason);
        if (cases[i].field == NULL)
            assert_null(intake.field);
        else
            assert_string_equal(intake.field, cases[i].field);
    }
}

static void unknown_names_have_kinds(void **state)
{
    static const struct {
        const char *name;
        enum intake_class kind;
    } cases[] = {
        {"client_ip", INTAKE_ADDRESS}, {"REMOTE_ADDR", INTAKE_ADDRESS},
        {"userName", INTAKE_PERSON},   {"email", INTAKE_PERSON},
        {"hostname", INTAKE_MACHINE},  {"filename", INTAKE_PATH},
        {"timestamp", INTAKE_TIME},    {"app_version", INTAKE_VERSION},
        {"zzz", INTAKE_OTHER},         {"", INTAKE_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct intake intake;
        char text[1024];

        snprintf(text, sizeof text, "{\"event_label\":\"install_start\",\"%s\":[1,{}]," REST "}",
                 cases[i].name);
        assert_true(read_exact(text, strlen(text), &intake));
        for (int kind = 0; kind < INTAKE_CLASS_COUNT; kind++)
            assert_int_equal(intake.unknown[kind],
                             (enum intake_class)kind == cases[i].kind ? 1 : 0);
    }
}

static void the_fullest_body_fits_in_memory(void **state)
{
    struct intake intake;
    char text[INTAKE_BODY_MAX + 1];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"x\":[0");

    (void)state;
    while (at + strlen(REST) + 40 < INTAKE_BODY_MAX) {
        memcpy(text + at, ",0", 2);
        at += 2;
    }
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "],\"event_label\":\"install_start\"," REST "}");
    assert_true(at <= INTAKE_BODY_MAX);
    assert_true(read_exact(text, at, &intake));
}

static void strict_bytes(void **state)
{
    static const char *const good[] = {
        "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"",   "-0.5e+10", "0",
        "[[[[[[[[]]]]]]]]",          "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", " \t\r\n",
    };
    static const char *const bad[] = {
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\u12g4\"",
        "\"\\u12",
        "\"\\x\"",
        "\"\x01\"",
        "\"\x1f\"",
        "\x01",
        "\x7f",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xe0\x80\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf8\x88\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "\"",
        "\"\\",
        "01",
        "+1",
        "1.",
        ".5e",
        "1e",
        "-",
        "[[[[[[[[[]]]]]]]]]",
        "]",
        "{",
        "\xe2\x82\xac",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(strict_json_bytes(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (strict_json_bytes(bad[i], strlen(bad[i])))
            fail_msg("let through: %s", bad[i]);
    assert_false(strict_json_bytes("\"a\0b\"", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_event_is_taken_whole),
        cmocka_unit_test(every_beginning_of_it_is_refused),
        cmocka_unit_test(no_byte_changed_yields_another_known_word),
        cmocka_unit_test(refusals_name_reason_and_member),
        cmocka_unit_test(unknown_names_have_kinds),
        cmocka_unit_test(the_fullest_body_fits_in_memory),
        cmocka_unit_test(strict_bytes),
    };

    intake_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

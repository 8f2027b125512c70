/* The policy as tables of data: what goes out, what it looks like, where it may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app.h"
#include "cid.h"
#include "endpoint.h"
#include "event.h"
#include "gate.h"
#include "nearest.h"
#include "pem.h"
#include "platform.h"
#include "schema.h"
#include "value.h"

static const struct gate_environment nothing_set = {.release = "v1"};

/* One row of spec/optout.tsv: "(unset)" and "(empty)" say so, "_" stands for a space. */
static void check_row(const char *variable, char *value, const char *sends)
{
    struct gate_environment env = nothing_set;
    const char *text = strcmp(value, "(unset)") == 0   ? NULL
                       : strcmp(value, "(empty)") == 0 ? ""
                                                       : value;
    bool expected = strcmp(sends, "yes") == 0;

    for (char *c = value; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    if (strcmp(variable, "NEG") == 0) {
        const char **each[] = {&env.do_not_track, &env.no_telemetry_all, &env.app_no_telemetry};
        for (size_t i = 0; i < 3; i++) {
            *each[i] = text;
            if ((gate_check_environment(&env) == GATE_OPEN) != expected)
                fail_msg("NEG %zu '%s': expected %s", i, value, sends);
            *each[i] = NULL;
        }
        return;
    }
    if (strcmp(variable, "POS") == 0)
        env.app_telemetry = text;
    else
        env.ci = text;
    if ((gate_check_environment(&env) == GATE_OPEN) != expected)
        fail_msg("%s '%s': expected %s", variable, value, sends);
}

static void truth_table_holds(void **state)
{
    FILE *file = fopen(SPEC "/optout.tsv", "r");
    char line[256], variable[32], value[64], sends[8];
    int rows = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || strncmp(line, "variable", 8) == 0)
            continue;
        assert_int_equal(sscanf(line, "%31[^\t]\t%63[^\t]\t%7s", variable, value, sends), 3);
        check_row(variable, value, sends);
        rows++;
    }
    fclose(file);
    assert_true(rows >= 50);
}

/* Every gate on its own stops the event, and an earlier one is the one that is named. */
static void gates_decide_in_order(void **state)
{
    struct gate_environment env = {.no_telemetry = true,
                                   .do_not_track = "1",
                                   .no_telemetry_all = "1",
                                   .app_no_telemetry = "1",
                                   .app_telemetry = "0",
                                   .ci = "1",
                                   .app_dev = "1",
                                   .release = "dev"};
    struct gate_state st = {.fleet_off = true,
                            .choice = CHOICE_OFF,
                            .needs_consent = true,
                            .endpoint = ENDPOINT_BAD,
                            .retired = true,
                            .sent = true};

    (void)state;
    env.built_without = true;
    assert_int_equal(gate_check_environment(&env), GATE_BUILT_WITHOUT);
    env.built_without = false;
    assert_int_equal(gate_check_environment(&env), GATE_FLAG);
    env.no_telemetry = false;
    assert_int_equal(gate_check_environment(&env), GATE_DO_NOT_TRACK);
    env.do_not_track = NULL;
    assert_int_equal(gate_check_environment(&env), GATE_NO_TELEMETRY);
    env.no_telemetry_all = NULL;
    assert_int_equal(gate_check_environment(&env), GATE_APP_NO_TELEMETRY);
    env.app_no_telemetry = NULL;
    assert_int_equal(gate_check_environment(&env), GATE_APP_TELEMETRY);
    env.app_telemetry = NULL;
    assert_int_equal(gate_check_environment(&env), GATE_CI);
    env.ci = NULL;
    assert_int_equal(gate_check_environment(&env), GATE_DEVELOPER);
    env.app_dev = NULL;
    assert_int_equal(gate_check_environment(&env), GATE_DEVELOPER);
    env.release = "v1";
    assert_int_equal(gate_check_environment(&env), GATE_OPEN);

    assert_int_equal(gate_check_state(&env, &st), GATE_FLEET);
    st.fleet_off = false;
    assert_int_equal(gate_check_state(&env, &st), GATE_CHOICE);
    st.choice = CHOICE_NONE;
    assert_int_equal(gate_check_state(&env, &st), GATE_CONSENT);
    st.choice = CHOICE_ON;
    assert_int_equal(gate_check_state(&env, &st), GATE_ENDPOINT);
    st.endpoint = ENDPOINT_HTTPS;
    assert_int_equal(gate_check_state(&env, &st), GATE_RETIRED);
    st.retired = false;
    assert_int_equal(gate_check_state(&env, &st), GATE_SENT);
    st.sent = false;
    assert_int_equal(gate_check_state(&env, &st), GATE_OPEN);
    for (enum gate g = 0; g < GATES; g++) {
        assert_non_null(gate_name(g));
        assert_non_null(gate_text(g));
    }
}

static void an_explicit_yes_wins_over_the_choice_alone(void **state)
{
    struct gate_environment env = {.app_telemetry = "1", .release = "v1"};
    struct gate_state st = {.choice = CHOICE_OFF, .endpoint = ENDPOINT_HTTPS};

    (void)state;
    assert_int_equal(gate_check_state(&env, &st), GATE_OPEN);
    st.needs_consent = true; /* a yes for this run is no consent */
    assert_int_equal(gate_check_state(&env, &st), GATE_CONSENT);
    st.fleet_off = true;
    assert_int_equal(gate_check_state(&env, &st), GATE_FLEET);
    env.ci = "true";
    assert_int_equal(gate_check_environment(&env), GATE_CI);
    env.allow_ci = true;
    assert_int_equal(gate_check_environment(&env), GATE_OPEN);
}

static void ci_false_frees_and_ci_empty_does_not(void **state)
{
    struct gate_environment env = {.ci_marker = true, .release = "v1"};

    (void)state;
    assert_int_equal(gate_check_environment(&env), GATE_CI);
    env.ci = "";
    assert_int_equal(gate_check_environment(&env), GATE_CI);
    env.ci = "false";
    assert_int_equal(gate_check_environment(&env), GATE_OPEN);
}

static void development_releases_are_known(void **state)
{
    static const struct {
        const char *release;
        enum gate gate;
    } rows[] = {
        {"dev", GATE_DEVELOPER},    {"0.0.0-dev", GATE_DEVELOPER}, {"v1.2-dirty", GATE_DEVELOPER},
        {"-dirty", GATE_DEVELOPER}, {"dev2", GATE_OPEN},           {"dirty", GATE_OPEN},
        {"v1-dirty2", GATE_OPEN},   {"unknown", GATE_OPEN}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gate_environment env = {.release = rows[i].release};
        if (gate_check_environment(&env) != rows[i].gate)
            fail_msg("%s", rows[i].release);
    }
}

static void saved_choices_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum choice choice;
    } rows[] = {{"on\n", 3, CHOICE_ON},
                {"off\n", 4, CHOICE_OFF},
                {"ON\r\n", 4, CHOICE_ON},
                {" enabled ", 9, CHOICE_ON},
                {"", 0, CHOICE_OFF},
                {"maybe", 5, CHOICE_OFF},
                {"\xef\xbb\xbfon", 5, CHOICE_ON},
                {"\xff\xfeo\0n\0\r\0\n\0", 10, CHOICE_ON},
                {"\xfe\xff\0o\0f\0f", 8, CHOICE_OFF},
                {"on on on on on on on on", 23, CHOICE_OFF},
                {"on\non\n", 6, CHOICE_OFF}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (gate_read_choice((const unsigned char *)rows[i].bytes, rows[i].len) != rows[i].choice)
            fail_msg("row %zu: %s", i, rows[i].bytes);
}

#define ID "9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"

static void ids_are_found_however_written(void **state)
{
    static const char utf16le[] =
        "\xff\xfe"
        "9\0b\0007\0f\0000\0e\0e\0002\0-\0000\0a\0005\0a\0-\0004\0b\0d\0a\0-\0"
        "8\0f\0001\0a\0-\0003\0a\0009\0d\0005\0003\0f\0001\0b\0003\0e\0007\0\r\0\n\0";
    static const struct {
        const char *bytes;
        size_t len;
        bool found;
    } rows[] = {{ID "\n", 37, true},
                {ID, 36, true},
                {ID "\r\n", 38, true},
                {"\xef\xbb\xbf" ID "\r\n", 41, true},
                {"  " ID "\t", 39, true},
                {"9B7F0EE2-0A5A-4BDA-8F1A-3A9D53F1B3E7", 36, true},
                {utf16le, sizeof utf16le - 1, true},
                {utf16le + 2, sizeof utf16le - 3, true},
                {"", 0, false},
                {ID "x", 37, false},
                {ID "\n" ID, 73, false},
                {"9b7f0ee2-0a5a-1bda-8f1a-3a9d53f1b3e7", 36, false}, /* version 1 */
                {"9b7f0ee2-0a5a-4bda-cf1a-3a9d53f1b3e7", 36, false}, /* another variant */
                {"9b7f0ee2 0a5a 4bda 8f1a 3a9d53f1b3e7", 36, false},
                {"{\"cid\":\"" ID "\"}", 46, false},
                {"9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3\"7", 36, false}};
    char cid[CID_LEN + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool found = cid_parse((const unsigned char *)rows[i].bytes, rows[i].len, cid);
        if (found != rows[i].found || (found && strcmp(cid, ID) != 0))
            fail_msg("row %zu: %s", i, rows[i].bytes);
    }
}

static void made_ids_are_version_4(void **state)
{
    unsigned char random[16];
    char cid[CID_LEN + 1];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        memset(random, byte, sizeof random);
        cid_format(random, cid);
        assert_true(cid_is_canonical(cid, strlen(cid)));
    }
}

static void values_are_cleaned(void **state)
{
    struct event event;
    char json[EVENT_JSON_MAX];
    char long_text[200];

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    event_set(&event, EVENT_LABEL, "install_failed");
    event_set(&event, EVENT_OS, "li\nnux\"");
    event_set(&event, EVENT_ARCH, "\xff\x01 \t");
    event_set(&event, EVENT_PLATFORM, long_text);
    event_set(&event, EVENT_RELEASE, "v1.0\",\"x\":\"");
    event_set(&event, EVENT_METHOD, "carrier-pigeon");
    event_set(&event, EVENT_CID, ID);
    assert_string_equal(event.value[EVENT_OS], "linux");
    assert_string_equal(event.value[EVENT_ARCH], "unknown");
    assert_int_equal(strlen(event.value[EVENT_PLATFORM]), 64);
    assert_string_equal(event.value[EVENT_RELEASE], "v1.0x");
    assert_string_equal(event.value[EVENT_METHOD], "other");
    long_text[64] = '\0';
    assert_int_equal(event_encode(&event, json, sizeof json), strlen(json));
    for (enum event_member m = 0; m < EVENT_MEMBERS; m++)
        assert_true(event_value_ok(m, event.value[m], strlen(event.value[m])));
    assert_int_equal(event_encode(&event, json, 20), 0);
    assert_int_equal(event_encode(&event, json, 0), 0);
}

static void the_event_is_exact(void **state)
{
    struct event event;
    char json[EVENT_JSON_MAX];

    (void)state;
    for (enum event_member m = 0; m < EVENT_MEMBERS; m++)
        event_set(&event, m, event_fields[m].example);
    event_encode(&event, json, sizeof json);
    assert_string_equal(json,
                        "{\"event_label\":\"install_start\",\"os\":\"linux\",\"arch\":\"x86_64\","
                        "\"platform\":\"linux-x86_64\",\"release\":\"v0.1.2\",\"method\":\"shell\","
                        "\"cid\":\"" ID "\"}");
}

static void endpoints_are_told_apart(void **state)
{
    static const struct {
        const char *url;
        enum endpoint endpoint;
    } rows[] = {{NULL, ENDPOINT_NONE},
                {"", ENDPOINT_NONE},
                {"https://t.example/v1/events", ENDPOINT_HTTPS},
                {"HTTPS://T.example:8443/", ENDPOINT_HTTPS},
                {"https://[2001:db8::1]:443/x", ENDPOINT_HTTPS},
                {"http://127.0.0.1:80/x", ENDPOINT_LOOPBACK},
                {"http://127.9.9.9/x", ENDPOINT_LOOPBACK},
                {"http://localhost:8080", ENDPOINT_LOOPBACK},
                {"http://[::1]:8080/x", ENDPOINT_LOOPBACK},
                {"http://t.example/v1/events", ENDPOINT_BAD},
                {"http://127.0.0.1.t.example/", ENDPOINT_BAD},
                {"http://localhost.t.example/", ENDPOINT_BAD},
                {"http://127.1/", ENDPOINT_BAD},
                {"http://0177.0.0.1/", ENDPOINT_BAD},
                {"http://128.0.0.1/", ENDPOINT_BAD},
                {"http://127.0.0.1@t.example/", ENDPOINT_BAD},
                {"https://user:pw@t.example/", ENDPOINT_BAD},
                {"https:///x", ENDPOINT_BAD},
                {"https://t.example:0/", ENDPOINT_BAD},
                {"https://t.example:66000/", ENDPOINT_BAD},
                {"https://t.example:8x/", ENDPOINT_BAD},
                {"https://t.example/a b", ENDPOINT_BAD},
                {"https://t.example\\@evil/", ENDPOINT_BAD},
                {"ftp://t.example/", ENDPOINT_BAD},
                {"file:///etc/passwd", ENDPOINT_BAD},
                {"t.example", ENDPOINT_BAD}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (endpoint_check(rows[i].url) != rows[i].endpoint)
            fail_msg("%s: %d", rows[i].url, endpoint_check(rows[i].url));
}

static void erasure_goes_to_the_sibling(void **state)
{
    static const struct {
        const char *url, *erase;
    } rows[] = {{"https://t.example/v1/events", "https://t.example/v1/install/" ID},
                {"https://t.example/v1/events?k=1#f", "https://t.example/v1/install/" ID},
                {"https://t.example/v1/apps/a/events/", "https://t.example/v1/apps/a/install/" ID},
                {"https://t.example", "https://t.example/install/" ID},
                {"https://t.example/", "https://t.example/install/" ID},
                {"https://t.example/events", "https://t.example/install/" ID}};
    char out[ENDPOINT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(endpoint_erase(rows[i].url, ID, out, sizeof out));
        assert_string_equal(out, rows[i].erase);
    }
    assert_false(endpoint_erase("https://t.example/v1/events", ID, out, 40));
}

static void app_names_are_checked(void **state)
{
    char name[APP_VARIABLE_MAX];
    char long_name[APP_NAME_MAX + 2];

    (void)state;
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_true(app_name_ok("acme"));
    assert_true(app_name_ok("7zip-extra"));
    assert_false(app_name_ok(""));
    assert_false(app_name_ok("-a"));
    assert_false(app_name_ok("Acme"));
    assert_false(app_name_ok("../x"));
    assert_false(app_name_ok("a_b"));
    assert_false(app_name_ok(long_name));
    assert_true(app_name_ok(long_name + 1));
    app_variable("my-app2", "NO_TELEMETRY", name);
    assert_string_equal(name, "MY_APP2_NO_TELEMETRY");
}

static void platforms_are_normalised(void **state)
{
    char out[PLATFORM_MAX];

    (void)state;
    platform_name("darwin", "arm64", out);
    assert_string_equal(out, "macos-aarch64");
    platform_name("windows", "AMD64", out);
    assert_string_equal(out, "windows-x86_64");
    platform_name("Plan9", "MIPS", out);
    assert_string_equal(out, "plan9-mips");
}

static void near_words_are_found(void **state)
{
    static const char *const words[] = {"endpoint", "release", "run", NULL};

    (void)state;
    assert_string_equal(nearest_word("endpiont", 8, words), "endpoint");
    assert_string_equal(nearest_word("relase", 6, words), "release");
    assert_null(nearest_word("zzzzzzzz", 8, words));
}

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

static void bundles_become_der(void **state)
{
    static const struct {
        const char *pem, *der;
    } rows[] = {
        {BEGIN "\nQUJD\n" END "\n", "ABC"},
        {"# a comment\n" BEGIN "\r\nQU\r\nJDRA==\r\n" END "\nx" BEGIN "\nRQ==\n" END, "ABCDE"},
        {BEGIN "\nQU!D\n" END "\n" BEGIN "\nQUJD\n" END, "ABC"}, /* a bad one costs itself alone */
        {BEGIN "\nQUJD", ""},
        {"-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n", ""},
        {"", ""}};
    unsigned char bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].pem);
        memcpy(bytes, rows[i].pem, len);
        len = pem_to_der(bytes, len);
        if (len != strlen(rows[i].der) || memcmp(bytes, rows[i].der, len) != 0)
            fail_msg("row %zu", i);
    }
}

/* The published schema: the same members, words and limits as the code. */
static void schema_says_what_the_code_does(void **state)
{
    cJSON *schema = schema_json();
    const cJSON *required = cJSON_GetObjectItem(schema, "required");
    const cJSON *properties = cJSON_GetObjectItem(schema, "properties");

    (void)state;
    assert_int_equal(cJSON_GetArraySize(required), EVENT_MEMBERS);
    for (int m = 0; m < EVENT_MEMBERS; m++) {
        const struct event_field *field = &event_fields[m];
        const cJSON *p = cJSON_GetObjectItem(properties, field->name);
        const cJSON *word;
        assert_string_equal(cJSON_GetArrayItem(required, m)->valuestring, field->name);
        assert_int_equal(cJSON_GetObjectItem(p, "maxLength")->valueint, (int)field->max);
        cJSON_ArrayForEach(word, cJSON_GetObjectItem(p, "enum")) assert_true(
            event_value_ok((enum event_member)m, word->valuestring, strlen(word->valuestring)));
        assert_true(event_value_ok((enum event_member)m, field->example, strlen(field->example)));
    }
    cJSON_Delete(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truth_table_holds),
        cmocka_unit_test(gates_decide_in_order),
        cmocka_unit_test(an_explicit_yes_wins_over_the_choice_alone),
        cmocka_unit_test(ci_false_frees_and_ci_empty_does_not),
        cmocka_unit_test(development_releases_are_known),
        cmocka_unit_test(saved_choices_read),
        cmocka_unit_test(ids_are_found_however_written),
        cmocka_unit_test(made_ids_are_version_4),
        cmocka_unit_test(values_are_cleaned),
        cmocka_unit_test(the_event_is_exact),
        cmocka_unit_test(endpoints_are_told_apart),
        cmocka_unit_test(erasure_goes_to_the_sibling),
        cmocka_unit_test(app_names_are_checked),
        cmocka_unit_test(platforms_are_normalised),
        cmocka_unit_test(near_words_are_found),
        cmocka_unit_test(bundles_become_der),
        cmocka_unit_test(schema_says_what_the_code_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

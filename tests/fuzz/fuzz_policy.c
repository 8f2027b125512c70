/* Every parser of outside bytes in the policy: values, id files, saved choices, URLs, names. The
 * first byte picks one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "cid.h"
#include "endpoint.h"
#include "event.h"
#include "gate.h"
#include "nearest.h"
#include "pem.h"
#include "platform.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int promise)
{
    if (!promise)
        abort();
}

static void fuzz_event(const char *text)
{
    struct event event;
    char json[EVENT_JSON_MAX];

    for (enum event_member m = 0; m < EVENT_MEMBERS; m++) {
        event_set(&event, m,
                  event_fields[m].kind == EVENT_KIND_UUID4 ? event_fields[m].example : text);
        /* What cannot be cleaned into a label is no event; all else is valid from here on. */
        if (m != EVENT_LABEL)
            check(event_value_ok(m, event.value[m], strlen(event.value[m])));
    }
    check(event_encode(&event, json, sizeof json) == strlen(json));
    check(strchr(json, '\\') == NULL && strchr(json, '\n') == NULL);
}

static void fuzz_id(const uint8_t *data, size_t size)
{
    char cid[CID_LEN + 1];
    if (cid_parse(data, size, cid))
        check(cid_is_canonical(cid, strlen(cid)));
}

static void fuzz_url(const char *text)
{
    char out[ENDPOINT_MAX];
    enum endpoint e = endpoint_check(text);
    if (endpoint_usable(e) &&
        endpoint_erase(text, "9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7", out, sizeof out))
        check(endpoint_check(out) == e);
}

static void fuzz_names(const char *text)
{
    static const char *const words[] = {"endpoint", "release", NULL};
    char variable[APP_VARIABLE_MAX], platform[PLATFORM_MAX], part[64];

    if (app_name_ok(text))
        app_variable(text, "NO_TELEMETRY", variable);
    nearest_word(text, strlen(text), words);
    strncpy(part, text, sizeof part - 1);
    part[sizeof part - 1] = '\0';
    platform_name(part, part, platform);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    text = malloc(size); /* ends where the input ends, so that one byte too many is seen */
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 7) {
    case 0:
        fuzz_event(text);
        break;
    case 1:
        fuzz_id(data + 1, size - 1);
        break;
    case 2:
        fuzz_url(text);
        break;
    case 3:
        fuzz_names(text);
        break;
    case 4:
        gate_read_choice(data + 1, size - 1);
        break;
    case 5:
        check(pem_to_der((unsigned char *)text, size - 1) < size);
        break;
    default:
        value_read(text);
        break;
    }
    free(text);
    return 0;
}

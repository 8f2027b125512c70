#include "ga4.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cJSON.h"

#define DAY 86400

bool ga4_in_time(int64_t received, int64_t now)
{
    return now - received < GA4_LATE_MAX;
}

/* Names the service keeps for itself are not refused but dropped without a word. */
static bool name_ok(const char *name)
{
    static const char *const reserved[] = {"ga_", "google_", "gtag.", "firebase_", "_"};
    size_t len = strlen(name);

    if (len == 0 || len > GA4_NAME_MAX || !isalpha((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strncmp(name, reserved[i], strlen(reserved[i])) == 0)
            return false;
    return true;
}

static bool add_member(cJSON *params, const char *name, const char *value)
{
    return name_ok(name) && strlen(value) <= GA4_VALUE_MAX &&
           cJSON_AddStringToObject(params, name, value);
}

/* Start and outcome of an install belong to one session, or the funnel shows two visitors. The
 * collector knows no run, so a session is an install id's day. */
static bool add_session(cJSON *params, int64_t received)
{
    char session[24];

    snprintf(session, sizeof session, "%lld", (long long)(received - received % DAY));
    return cJSON_AddStringToObject(params, "session_id", session) &&
           cJSON_AddNumberToObject(params, "engagement_time_msec", 1);
}

/* Written as digits: as a double it would come out as 1.79e+15. */
static bool add_time(cJSON *item, int64_t received)
{
    char micros[24];

    snprintf(micros, sizeof micros, "%lld000000", (long long)received);
    return cJSON_AddRawToObject(item, "timestamp_micros", micros);
}

static bool add_event(cJSON *list, const struct store_outgoing *from)
{
    cJSON *item = cJSON_CreateObject();

    if (!cJSON_AddItemToArray(list, item))
        return false;
    const char *name = from->event.value[EVENT_LABEL];
    if (!name_ok(name) || !cJSON_AddStringToObject(item, "name", name) ||
        !add_time(item, from->received))
        return false;
    cJSON *params = cJSON_AddObjectToObject(item, "params");
    if (!params)
        return false;
    for (int i = 0; i < EVENT_MEMBERS; i++) {
        if (i == EVENT_LABEL || i == EVENT_CID)
            continue;
        if (!add_member(params, event_fields[i].name, from->event.value[i]))
            return false;
    }
    return add_session(params, from->received);
}

/* The id is anonymous and stays so: no advertising use of it. */
static bool deny_ads(cJSON *root)
{
    cJSON *consent = cJSON_AddObjectToObject(root, "consent");

    return consent && cJSON_AddStringToObject(consent, "ad_user_data", "DENIED") &&
           cJSON_AddStringToObject(consent, "ad_personalization", "DENIED");
}

static cJSON *build(const struct store_outgoing *events, size_t count)
{
    const char *cid = events[0].event.value[EVENT_CID];
    cJSON *root = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(root, "client_id", cid) && deny_ads(root);
    cJSON *list = ok ? cJSON_AddArrayToObject(root, "events") : NULL;

    ok = list != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = strcmp(events[i].event.value[EVENT_CID], cid) == 0 && add_event(list, &events[i]);
    if (ok)
        return root;
    cJSON_Delete(root);
    return NULL;
}

size_t ga4_run(const struct store_outgoing *events, size_t count)
{
    size_t n = 0;

    while (n < count && n < GA4_EVENTS_MAX &&
           strcmp(events[n].event.value[EVENT_CID], events[0].event.value[EVENT_CID]) == 0)
        n++;
    return n;
}

char *ga4_body(const struct store_outgoing *events, size_t count)
{
    if (count == 0 || count > GA4_EVENTS_MAX)
        return NULL;
    cJSON *root = build(events, count);
    char *text = root ? cJSON_PrintUnformatted(root) : NULL;

    cJSON_Delete(root);
    if (text && strlen(text) >= GA4_BODY_MAX) {
        cJSON_free(text);
        return NULL;
    }
    return text;
}

static bool token_ok(const char *token)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    return token[0] != '\0' && token[strspn(token, allowed)] == '\0';
}

bool ga4_url(const char *base, const char *measurement_id, const char *secret, char *out,
             size_t size)
{
    if (!token_ok(measurement_id) || !token_ok(secret))
        return false;
    int n = snprintf(out, size, "%s" GA4_PATH "?measurement_id=%s&api_secret=%s", base,
                     measurement_id, secret);
    return n > 0 && (size_t)n < size;
}

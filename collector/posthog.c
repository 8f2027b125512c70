#include "posthog.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cJSON.h"

/* The client id is random already; an event's time and place in the store tell the events of one id
 * apart. Nothing that the request does not hold anyway goes into it. */
void posthog_uuid(const struct store_outgoing *event, char out[POSTHOG_UUID_SIZE])
{
    const char *cid = event->event.value[EVENT_CID];
    uint64_t half[2] = {0, 0};
    int digits = 0;

    for (const char *c = cid; *c && digits < 32; c++) {
        if (*c == '-')
            continue;
        char digit[2] = {*c, '\0'};
        half[digits / 16] = half[digits / 16] << 4 | strtoul(digit, NULL, 16);
        digits++;
    }
    half[0] ^= (uint64_t)event->received << 16;
    half[1] ^= (uint64_t)event->after.row << 16 ^ event->after.index;
    half[0] =
        (half[0] & ~UINT64_C(0xf000)) | UINT64_C(0x8000); /* version 8: made by our own rule */
    half[1] = (half[1] & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    snprintf(out, POSTHOG_UUID_SIZE, "%08llx-%04llx-%04llx-%04llx-%012llx",
             (unsigned long long)(half[0] >> 32), (unsigned long long)(half[0] >> 16 & 0xffff),
             (unsigned long long)(half[0] & 0xffff), (unsigned long long)(half[1] >> 48),
             (unsigned long long)(half[1] & UINT64_C(0xffffffffffff)));
}

static bool add_properties(cJSON *item, const struct event *event)
{
    cJSON *properties = cJSON_AddObjectToObject(item, "properties");

    if (!properties)
        return false;
    for (int i = 0; i < EVENT_MEMBERS; i++) {
        if (i == EVENT_LABEL || i == EVENT_CID)
            continue;
        if (!cJSON_AddStringToObject(properties, event_fields[i].name, event->value[i]))
            return false;
    }
    /* No profile of a person is made, and the collector's own address is not looked up. */
    return cJSON_AddBoolToObject(properties, "$process_person_profile", 0) &&
           cJSON_AddBoolToObject(properties, "$geoip_disable", 1) &&
           cJSON_AddStringToObject(properties, "$lib", "footfall-collector");
}

static bool add_time(cJSON *item, int64_t received)
{
    time_t seconds = (time_t)received;
    struct tm utc;
    char text[sizeof "2000-01-01T00:00:00Z" + 8];

    return gmtime_r(&seconds, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) &&
           cJSON_AddStringToObject(item, "timestamp", text);
}

static bool add_event(cJSON *batch, const struct store_outgoing *from)
{
    cJSON *item = cJSON_CreateObject();
    char uuid[POSTHOG_UUID_SIZE];

    if (!cJSON_AddItemToArray(batch, item))
        return false;
    posthog_uuid(from, uuid);
    return cJSON_AddStringToObject(item, "event", from->event.value[EVENT_LABEL]) &&
           cJSON_AddStringToObject(item, "distinct_id", from->event.value[EVENT_CID]) &&
           cJSON_AddStringToObject(item, "uuid", uuid) && add_time(item, from->received) &&
           add_properties(item, &from->event);
}

char *posthog_body(const char *api_key, const struct store_outgoing *events, size_t count)
{
    if (count == 0 || count > POSTHOG_EVENTS_MAX)
        return NULL;
    cJSON *root = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(root, "api_key", api_key) &&
              cJSON_AddBoolToObject(root, "historical_migration", 0);
    cJSON *batch = ok ? cJSON_AddArrayToObject(root, "batch") : NULL;

    ok = batch != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_event(batch, &events[i]);
    char *text = ok ? cJSON_PrintUnformatted(root) : NULL;

    cJSON_Delete(root);
    if (text && strlen(text) >= POSTHOG_BODY_MAX) {
        cJSON_free(text);
        return NULL;
    }
    return text;
}

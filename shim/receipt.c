#include "receipt.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPT_MAX 8192 /* bytes of the file that are looked at */

/* All members are strings, the body too, so that it comes back byte for byte. */
void receipt_save(struct place *home, const char *endpoint, const char *body, long http_status)
{
    cJSON *root = cJSON_CreateObject();
    char time[24], status[16];
    char *text = NULL;

    plat_utc(time);
    snprintf(status, sizeof status, "%ld", http_status);
    if (cJSON_AddStringToObject(root, "time", time) != NULL &&
        cJSON_AddStringToObject(root, "endpoint", endpoint) != NULL &&
        cJSON_AddStringToObject(root, "status", status) != NULL &&
        cJSON_AddStringToObject(root, "body", body) != NULL)
        text = cJSON_PrintUnformatted(root);
    if (text != NULL)
        (void)place_publish(home, RECEIPT_FILE, text, strlen(text), PLACE_REPLACE);
    cJSON_free(text);
    cJSON_Delete(root);
}

static bool copy_member(const cJSON *root, const char *name, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));
    return text != NULL && (size_t)snprintf(out, size, "%s", text) < size;
}

bool receipt_read(const struct place *home, struct receipt *receipt)
{
    unsigned char bytes[RECEIPT_MAX];
    size_t len = sizeof bytes;
    char status[16];
    cJSON *root;
    bool ok;

    if (place_get(home, RECEIPT_FILE, bytes, &len) != PLACE_READ)
        return false;
    root = cJSON_ParseWithLength((const char *)bytes, len);
    ok = copy_member(root, "time", receipt->time, sizeof receipt->time) &&
         copy_member(root, "endpoint", receipt->endpoint, sizeof receipt->endpoint) &&
         copy_member(root, "status", status, sizeof status) &&
         copy_member(root, "body", receipt->body, sizeof receipt->body);
    if (ok)
        receipt->http_status = strtol(status, NULL, 10);
    cJSON_Delete(root);
    return ok;
}

#include "receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Four lines: when, the answer's status, where to, and the body byte for byte. None of them can
 * hold an end of line. */
#define RECEIPT_MAX (24 + 24 + ENDPOINT_MAX + EVENT_JSON_MAX)

void receipt_save(struct place *home, const char *endpoint, const char *body, long http_status)
{
    char time[24], text[RECEIPT_MAX];
    int len;

    plat_utc(time);
    len = snprintf(text, sizeof text, "%s\n%ld\n%s\n%s\n", time, http_status, endpoint, body);
    if (len > 0 && (size_t)len < sizeof text)
        (void)place_publish(home, RECEIPT_FILE, text, (size_t)len, PLACE_REPLACE);
}

/* Moves the line at *at, without its end, to out. False: there is none, or it does not fit. */
static bool take_line(const char **at, char *out, size_t size)
{
    const char *end = strchr(*at, '\n');
    size_t len = end != NULL ? (size_t)(end - *at) : size;

    if (len >= size)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at = end + 1;
    return true;
}

bool receipt_read(const struct place *home, struct receipt *receipt)
{
    char text[RECEIPT_MAX + 1], status[16];
    const char *at = text;
    size_t len = RECEIPT_MAX;

    if (place_get(home, RECEIPT_FILE, (unsigned char *)text, &len) != PLACE_READ)
        return false;
    text[len] = '\0';
    if (!take_line(&at, receipt->time, sizeof receipt->time) ||
        !take_line(&at, status, sizeof status) ||
        !take_line(&at, receipt->endpoint, sizeof receipt->endpoint) ||
        !take_line(&at, receipt->body, sizeof receipt->body))
        return false;
    receipt->http_status = strtol(status, NULL, 10);
    return true;
}

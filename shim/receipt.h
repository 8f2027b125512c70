/* The local receipt: what left this machine last, in ~/.<app>/telemetry_last. */
#ifndef FOOTFALL_RECEIPT_H
#define FOOTFALL_RECEIPT_H

#include "job.h"
#include "plat.h"

#define RECEIPT_FILE "telemetry_last"

struct receipt {
    char time[24]; /* UTC */
    char endpoint[ENDPOINT_MAX];
    long http_status;          /* 0: no answer is known of */
    char body[EVENT_JSON_MAX]; /* the bytes that were sent */
};

/* Best effort: a home that cannot hold it costs the receipt, not the event. */
void receipt_save(struct place *home, const char *endpoint, const char *body, long http_status);

/* False: nothing has left yet, or the file is no receipt. */
bool receipt_read(const struct place *home, struct receipt *receipt);

#endif

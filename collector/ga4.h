/* Google Analytics 4, Measurement Protocol: what a request looks like and what its limits are.
 *
 * The service answers 204 whatever it is sent, so everything it would throw away in silence is
 * checked here, before sending. Pure: no clock, no network. */
#ifndef FOOTFALL_GA4_H
#define FOOTFALL_GA4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

#define GA4_EVENTS_MAX 25           /* events in one request */
#define GA4_BODY_MAX   (130 * 1024) /* bytes in one body */
#define GA4_NAME_MAX   40           /* bytes in the name of an event or parameter */
#define GA4_VALUE_MAX  100          /* bytes in the value of a parameter */
#define GA4_LATE_MAX   (72 * 3600)  /* seconds an event may lie back */

#define GA4_PATH "/mp/collect"

/* True when an event of that time may still be sent. Both in seconds since 1970. */
bool ga4_in_time(int64_t received, int64_t now);

/* How many of these events, from the first on, go into one request: a request names one client, so
 * only neighbours with one id share it. */
size_t ga4_run(const struct store_outgoing *events, size_t count);

/* The body for events of one client id, in their order. The caller frees the text. NULL when there
 * are none or too many, when the ids differ, when a limit of the service is passed, or when memory
 * ran out. */
char *ga4_body(const struct store_outgoing *events, size_t count);

/* Writes BASE/mp/collect?measurement_id=...&api_secret=... ; false when it does not fit or when a
 * value is empty or holds bytes other than [A-Za-z0-9_-]. */
bool ga4_url(const char *base, const char *measurement_id, const char *secret, char *out,
             size_t size);

#endif

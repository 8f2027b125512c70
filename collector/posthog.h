/* PostHog: what a request to /batch/ looks like and what its limits are. Pure: no clock, no
 * network. */
#ifndef FOOTFALL_POSTHOG_H
#define FOOTFALL_POSTHOG_H

#include <stddef.h>

#include "store.h"

#define POSTHOG_EVENTS_MAX 500                /* events we put into one request */
#define POSTHOG_BODY_MAX   (20 * 1024 * 1024) /* bytes in one body, the service's limit */
#define POSTHOG_UUID_SIZE  37                 /* bytes of a UUID as text, with its NUL */

#define POSTHOG_PATH "/batch/"

/* The uuid by which PostHog recognises an event that is sent again: the same for every attempt,
 * different for every event. Writes POSTHOG_UUID_SIZE bytes. */
void posthog_uuid(const struct store_outgoing *event, char out[POSTHOG_UUID_SIZE]);

/* The body for these events, in their order. The caller frees the text. NULL when there are none or
 * too many, when the body would pass the limit, or when memory ran out. */
char *posthog_body(const char *api_key, const struct store_outgoing *events, size_t count);

#endif

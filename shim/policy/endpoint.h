/* Which URLs an event may be sent to. */
#ifndef FOOTFALL_ENDPOINT_H
#define FOOTFALL_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#define ENDPOINT_MAX 2048 /* bytes, with the NUL */

enum endpoint {
    ENDPOINT_HTTPS,
    ENDPOINT_LOOPBACK, /* plain HTTP, to this machine alone */
    ENDPOINT_NONE,     /* not given, or empty */
    ENDPOINT_BAD, /* no URL, another scheme, plain HTTP to another machine, a user name in it */
};

/* url may be NULL. */
enum endpoint endpoint_check(const char *url);

static inline bool endpoint_usable(enum endpoint e)
{
    return e == ENDPOINT_HTTPS || e == ENDPOINT_LOOPBACK;
}

/* The address that erases an id, a sibling of the endpoint: .../v1/events becomes
 * .../v1/install/<cid>; a query or fragment is dropped. False when it does not fit into size. */
bool endpoint_erase(const char *url, const char *cid, char *out, size_t size);

#endif

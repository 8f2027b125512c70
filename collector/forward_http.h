/* One HTTP POST after the other over a connection that is kept; the only file that knows libcurl.
 */
#ifndef FOOTFALL_FORWARD_HTTP_H
#define FOOTFALL_FORWARD_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>

#define FORWARD_HTTP_SECONDS   10   /* the most a whole request may take */
#define FORWARD_HTTP_REPLY_MAX 1024 /* bytes of a reply that are looked at, with a NUL */

struct forward_http;

struct forward_reply {
    long status;        /* 0 = no answer */
    long retry_after;   /* seconds the service asks to wait, 0 = does not say */
    const char *reason; /* why there is no answer, else NULL; static, names no address */
    char text[FORWARD_HTTP_REPLY_MAX];
};

/* Certificates come from ca_file, or from the system where that is "". A request that runs when
 * *stop becomes true is given up. NULL when memory ran out. */
struct forward_http *forward_http_new(const char *ca_file, const atomic_bool *stop);
void forward_http_free(struct forward_http *http);

/* POSTs a JSON body. Redirects are not followed. */
void forward_http_post(struct forward_http *http, const char *url, const char *body,
                       struct forward_reply *reply);

#endif

/* What a page gets to see of a request, and what it gives back. Pages know nothing of HTTP
 * libraries; server.c does the talking. */
#ifndef FOOTFALL_ANSWER_H
#define FOOTFALL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct service;
struct store;

/* Valid during the call only. */
struct ask {
    const struct config *config;
    struct store *store;
    struct service *service;                     /* for the pages of the collector itself */
    int64_t now;                                 /* Unix seconds */
    const char *path;                            /* without the query */
    const char *if_none_match, *accept_encoding; /* NULL = no such header */
    const char *(*query)(void *context, const char *name); /* decoded, NULL = not there */
    void *query_context;
    const char *unknown; /* a parameter that the page does not take, cleaned as a value of an event
                          * is; NULL: there is none, or the page looks at none */
};

#define ANSWER_HEADERS_MAX 8

struct answer_header {
    const char *name;
    char value[256];
};
struct answer {
    unsigned status;
    const char *content_type; /* static text, NULL = none */
    struct answer_header header[ANSWER_HEADERS_MAX];
    size_t headers;
    const void *body;
    size_t len;
    bool owned; /* true: free() the body when it is sent; false: it lives as long as the program */
};

/* Adds a header; the name is static text. Cuts what does not fit, ignores the 9th. */
void answer_header(struct answer *answer, const char *name, const char *value);

/* An answer that several requests share. */
struct answer_shared {
    _Atomic unsigned references;
    struct answer answer;
};

/* Takes over the answer; NULL without memory, then its body is freed. One reference is the
 * caller's. */
struct answer_shared *answer_share(struct answer *answer);
struct answer_shared *answer_share_again(struct answer_shared *shared);
/* Gives a reference back; NULL is fine. */
void answer_unshare(void *shared);

/* A page fills in a zeroed answer. It runs on the reader thread, so it may read the store and take
 * its time (pages), or on the network's threads, where it must return at once (assets). */
typedef void answer_page(const struct ask *ask, struct answer *answer);

/* Pages that live in files of their own; the routing table in route.c names them. */
answer_page dashboard_page;  /* GET /                reader thread */
answer_page dashboard_asset; /* GET /assets/...      network thread: static bytes, ETag, gzip */

#endif

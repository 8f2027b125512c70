/* Which paths there are, and what each does. */
#ifndef FOOTFALL_ROUTE_H
#define FOOTFALL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "app.h"

enum route_kind {
    ROUTE_EVENT,    /* check and store */
    ROUTE_VALIDATE, /* check only */
    ROUTE_ERASE,
    ROUTE_HEALTH,
    ROUTE_PAGE,  /* made on the reader thread */
    ROUTE_ASSET, /* made at once */
};

enum route_method { ROUTE_GET = 1, ROUTE_POST = 2, ROUTE_DELETE = 4, ROUTE_HEAD = 8 };

struct route {
    const char *pattern; /* {app} and {cid} stand for a segment, a last * for any rest */
    unsigned methods;
    enum route_kind kind;
    answer_page *page;
    const char *const *parameters; /* that the page takes; NULL: it looks at none */
};

struct route_match {
    const struct route *route; /* NULL: no such path */
    unsigned allowed; /* methods of the path, also when the one asked for is none of them */
    char app[APP_NAME_MAX +
             2]; /* "" = none in the path; cut, and then no valid name, when too long */
    char cid[64];
};

/* Finds the route of a path (no query) and method. */
struct route_match route_find(const char *path, const char *method);

/* Whether the parameter is one of the route's page. */
bool route_takes(const struct route *route, const char *parameter);

/* "GET, HEAD" for an Allow header. */
void route_allow(unsigned methods, char text[32]);

#endif

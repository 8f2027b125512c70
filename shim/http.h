/* The one place that talks to the network. */
#ifndef FOOTFALL_HTTP_H
#define FOOTFALL_HTTP_H

#include "job.h"

struct http_request {
    const char *url;                 /* must have passed endpoint_check() */
    const char *body;                /* JSON, to be posted; NULL: the method is DELETE */
    const char *cacert;              /* "": the system's certificates */
    void (*has_left)(void *context); /* called, also again, once the body has left; or NULL */
    void *context;
    unsigned deadline_ms;
};

/* False in a program that was built without a network (http_off.c): nothing is ever sent. */
extern const bool http_built_in;

/* One request, one connection, no second try. */
void http_send(const struct http_request *request, struct report *report);

#endif

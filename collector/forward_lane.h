/* One app's events on their way to one service: what is due, what came of it, when to try again.
 *
 * Knows the store and the services' formats, but no threads and no network: the caller passes in
 * the clock and the way to post. */
#ifndef FOOTFALL_FORWARD_LANE_H
#define FOOTFALL_FORWARD_LANE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "forward_http.h"
#include "store.h"

#define FORWARD_SECRET_MAX    256
#define FORWARD_URL_MAX       1024
#define FORWARD_BACKOFF_LEAST 1   /* seconds */
#define FORWARD_BACKOFF_MOST  300 /* seconds */

enum forward_service { FORWARD_GA4, FORWARD_POSTHOG, FORWARD_SERVICES };

/* The service's name in the store, in metrics and in the log. */
const char *forward_service_name(enum forward_service service);

/* True when the app's events are to go to the service. */
bool forward_wanted(enum forward_service service, const struct config_app *app);

enum forward_drop {
    FORWARD_DROP_LATE,    /* older than the service takes */
    FORWARD_DROP_REFUSED, /* the service says that this very event is bad */
    FORWARD_DROP_PURGED,  /* its retention time ended while it waited */
    FORWARD_DROPS
};
const char *forward_drop_name(enum forward_drop drop);

struct forward_lane {
    enum forward_service service;
    const struct config_app *app;
    char secret[FORWARD_SECRET_MAX];
    char url[FORWARD_URL_MAX];
    bool open;         /* the cursor is known */
    bool failing;      /* so that a change is logged once, not every attempt */
    bool ahead;        /* the cursor is at a day that the clock has not reached */
    size_t most;       /* events in the next request; shrinks to find a bad one */
    unsigned attempts; /* that failed in a row */
    int64_t due;       /* not before this time, on the caller's steady clock, in ms */
    uint64_t seen;     /* the store's generation when nothing was left */
    struct store_cursor cursor;
    atomic_uint_fast64_t sent, failures, dropped[FORWARD_DROPS];
    atomic_int_fast64_t last_success;  /* Unix seconds, 0 = never */
    atomic_int_fast64_t waiting_since; /* when the oldest event was received that waits, 0 = none */
};

enum forward_setup {
    FORWARD_SETUP_NONE, /* the app does not forward to this service */
    FORWARD_SETUP_READY,
    FORWARD_SETUP_WRONG, /* message names what, and the remedy */
};

/* Reads the app's settings and secret for the service into a zeroed lane. */
enum forward_setup forward_lane_setup(struct forward_lane *lane, enum forward_service service,
                                      const struct config_app *app,
                                      char message[CONFIG_MESSAGE_MAX]);

struct forward_world {
    struct store *store;
    struct store_outgoing *room; /* FORWARD_ROOM events, shared by all lanes of a thread */
    void (*post)(void *context, const char *url, const char *body, struct forward_reply *reply);
    void *post_context;
    const atomic_bool *stop; /* once true, nothing more is begun */
    int64_t now;             /* Unix seconds */
    int64_t steady;          /* milliseconds */
};
#define FORWARD_ROOM 500

/* Notes where forwarding begins: with what is stored after the first call. False: not possible now;
 * the next step tries again. */
bool forward_lane_open(struct forward_lane *lane, const struct forward_world *world);

/* Sends what is due. True when it got something done and should be called again at once. */
bool forward_lane_step(struct forward_lane *lane, struct forward_world *world);

/* The lanes of all services one after the other; lane NULL begins. NULL: no more. */
struct forward;
struct forward_lane *forward_lane_next(struct forward *forward, struct forward_lane *lane);

#endif

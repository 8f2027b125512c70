#include "forward.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "forward_lane.h"
#include "log.h"

#define TICK_MS 200
#define STOP_MS 1500 /* how long a request may take to notice that it is to stop */

/* A service's thread and the lanes it goes round. */
struct forwarder {
    pthread_t thread;
    pthread_mutex_t working; /* held by the thread except while it waits or posts */
    atomic_bool stop;
    bool abandoned;      /* under `working`: the store is gone, touch nothing of it */
    bool ended;          /* under `working` */
    pthread_cond_t wake; /* waits on the steady clock */
    struct forward_lane *lanes;
    size_t lane_count;
    struct forward_http *http;
    struct store_outgoing *room;
    struct store *store;
};

struct forward {
    struct forwarder *service[FORWARD_SERVICES];
};

static int64_t steady_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec steady_in(int64_t ms)
{
    int64_t then = steady_ms() + ms;

    return (struct timespec){.tv_sec = (time_t)(then / 1000),
                             .tv_nsec = (long)(then % 1000) * 1000000};
}

/* Lets go of `working`, so that forward_stop() can leave a thread behind that hangs in a resolver.
 * Such a thread finds its store gone and ends here; what it holds is lost with it. */
static void post(void *context, const char *url, const char *body, struct forward_reply *reply)
{
    struct forwarder *forwarder = context;

    pthread_mutex_unlock(&forwarder->working);
    forward_http_post(forwarder->http, url, body, reply);
    pthread_mutex_lock(&forwarder->working);
    if (forwarder->abandoned) {
        pthread_mutex_unlock(&forwarder->working);
        pthread_exit(NULL);
    }
}

static void go_round(struct forwarder *forwarder)
{
    struct forward_world world = {.store = forwarder->store,
                                  .room = forwarder->room,
                                  .post = post,
                                  .post_context = forwarder,
                                  .stop = &forwarder->stop};
    bool more = true;

    while (more && !atomic_load(&forwarder->stop)) {
        more = false;
        for (size_t i = 0; i < forwarder->lane_count && !atomic_load(&forwarder->stop); i++) {
            world.now = (int64_t)time(NULL);
            world.steady = steady_ms();
            more |= forward_lane_step(&forwarder->lanes[i], &world);
        }
    }
}

static void *work(void *context)
{
    struct forwarder *forwarder = context;

    pthread_mutex_lock(&forwarder->working);
    while (!atomic_load(&forwarder->stop)) {
        go_round(forwarder);
        struct timespec until = steady_in(TICK_MS);
        if (!atomic_load(&forwarder->stop))
            pthread_cond_timedwait(&forwarder->wake, &forwarder->working, &until);
    }
    forwarder->ended = true;
    pthread_cond_signal(&forwarder->wake);
    pthread_mutex_unlock(&forwarder->working);
    return NULL;
}

static void forwarder_free(struct forwarder *forwarder)
{
    if (!forwarder)
        return;
    forward_http_free(forwarder->http);
    for (size_t i = 0; i < forwarder->lane_count; i++)
        explicit_bzero(&forwarder->lanes[i].secret, sizeof forwarder->lanes[i].secret);
    free(forwarder->lanes);
    free(forwarder->room);
    pthread_cond_destroy(&forwarder->wake);
    pthread_mutex_destroy(&forwarder->working);
    free(forwarder);
}

static struct forwarder *forwarder_new(const struct config *config, struct store *store)
{
    struct forwarder *forwarder = calloc(1, sizeof *forwarder);
    pthread_condattr_t steady;

    if (!forwarder)
        return NULL;
    pthread_mutex_init(&forwarder->working, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&forwarder->wake, &steady);
    pthread_condattr_destroy(&steady);
    forwarder->store = store;
    forwarder->lanes = calloc(config->app_count, sizeof *forwarder->lanes);
    forwarder->room = calloc(FORWARD_ROOM, sizeof *forwarder->room);
    forwarder->http = forward_http_new(config->forward_ca_file, &forwarder->stop);
    if (forwarder->lanes && forwarder->room && forwarder->http)
        return forwarder;
    forwarder_free(forwarder);
    return NULL;
}

static void add_lanes(struct forwarder *forwarder, enum forward_service service,
                      const struct config *config)
{
    char message[CONFIG_MESSAGE_MAX];

    for (size_t i = 0; i < config->app_count; i++) {
        struct forward_lane *lane = &forwarder->lanes[forwarder->lane_count];
        switch (forward_lane_setup(lane, service, &config->apps[i], message)) {
        case FORWARD_SETUP_READY:
            forwarder->lane_count++;
            break;
        case FORWARD_SETUP_WRONG:
            log_line(LOG_ERROR, "not forwarding", "app", config->apps[i].name, "target",
                     forward_service_name(service), "reason", message, NULL);
            memset(lane, 0, sizeof *lane);
            break;
        case FORWARD_SETUP_NONE:
            break;
        }
    }
}

/* Before the first request is taken: what comes from then on is forwarded. A lane that cannot be
 * opened now has said so, and is opened by its first step. */
static void open_lanes(struct forwarder *forwarder)
{
    struct forward_world world = {.store = forwarder->store, .steady = steady_ms()};

    for (size_t i = 0; i < forwarder->lane_count; i++)
        (void)forward_lane_open(&forwarder->lanes[i], &world);
}

/* NULL when no app forwards to the service, or when it cannot be done. */
static struct forwarder *start_service(enum forward_service service, const struct config *config,
                                       struct store *store)
{
    struct forwarder *forwarder = forwarder_new(config, store);

    if (forwarder) {
        add_lanes(forwarder, service, config);
        if (forwarder->lane_count == 0) {
            forwarder_free(forwarder);
            return NULL;
        }
        open_lanes(forwarder);
    }
    if (forwarder && pthread_create(&forwarder->thread, NULL, work, forwarder) == 0)
        return forwarder;
    log_line(LOG_ERROR, "not forwarding", "target", forward_service_name(service), "reason",
             "out of memory or threads", NULL);
    forwarder_free(forwarder);
    return NULL;
}

struct forward *forward_start(const struct config *config, struct store *store)
{
    struct forward *forward = calloc(1, sizeof *forward);
    bool any = false;

    for (int i = 0; forward && i < FORWARD_SERVICES; i++) {
        forward->service[i] = start_service((enum forward_service)i, config, store);
        any = any || forward->service[i];
    }
    if (any)
        return forward;
    free(forward);
    return NULL;
}

static void stop_service(struct forwarder *forwarder)
{
    struct timespec until = steady_in(STOP_MS);
    int late = 0;

    pthread_mutex_lock(&forwarder->working);
    pthread_cond_signal(&forwarder->wake);
    while (!forwarder->ended && !late)
        late = pthread_cond_timedwait(&forwarder->wake, &forwarder->working, &until);
    forwarder->abandoned = !forwarder->ended;
    pthread_mutex_unlock(&forwarder->working);
    if (forwarder->abandoned) {
        pthread_detach(forwarder->thread);
        return;
    }
    pthread_join(forwarder->thread, NULL);
    forwarder_free(forwarder);
}

void forward_stop(struct forward *forward)
{
    if (!forward)
        return;
    for (int i = 0; i < FORWARD_SERVICES; i++)
        if (forward->service[i])
            atomic_store(&forward->service[i]->stop, true);
    for (int i = 0; i < FORWARD_SERVICES; i++)
        if (forward->service[i])
            stop_service(forward->service[i]);
    free(forward);
}

struct forward_lane *forward_lane_next(struct forward *forward, struct forward_lane *lane)
{
    size_t next = 0;
    int service = 0;

    if (lane) {
        service = (int)lane->service;
        next = (size_t)(lane - forward->service[service]->lanes) + 1;
    }
    for (; service < FORWARD_SERVICES; service++, next = 0)
        if (forward->service[service] && next < forward->service[service]->lane_count)
            return &forward->service[service]->lanes[next];
    return NULL;
}

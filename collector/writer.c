/* The one writer: all events that wait become one durable transaction. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "request.h"

#define BATCH_MAX 1024

static uint32_t retry_after(enum store_error error)
{
    return error == STORE_BUSY ? 1 : error == STORE_FULL ? 30 : 10;
}

/* Says when the store goes and when it comes back, not every time in between. */
static void note_state(struct service *service, enum store_error error)
{
    static bool failing;

    if (failing == (error != STORE_OK))
        return;
    failing = error != STORE_OK;
    if (failing)
        log_line(LOG_ERROR, "cannot store events, answering 503", "why", store_message(service->store),
                 NULL);
    else
        log_line(LOG_INFO, "storing events again", NULL);
}

static uint32_t until_midnight(int64_t now)
{
    return (uint32_t)(CLOCK_DAY - now % CLOCK_DAY);
}

static void decide(struct request *request, enum store_error error, const struct store_event *event,
                   int64_t now)
{
    if (error != STORE_OK) {
        request_refuse(request, REJECT_STORE, NULL, retry_after(error));
    } else if (event != NULL && event->fate == STORE_CAPPED) {
        request_refuse(request, REJECT_DAILY_CAP, "cid", until_midnight(now));
    } else if (event != NULL && event->fate == STORE_ERASED) {
        counters_reject(request->service->counters, request->app->name, REJECT_ERASED);
    }
}

/* Health is asked of the store itself: the commit writes, this reads. */
static enum store_error read_back(struct service *service)
{
    int64_t when;
    return store_last_purge(service->store, &when);
}

void writer_work(struct service *service, struct request *list, size_t count)
{
    static struct store_event events[BATCH_MAX];
    int64_t now = clock_wall(), began;
    enum store_error error, health;

    (void)count;
    while (list != NULL) {
        struct request *request, *end, *next;
        size_t n = 0, at = 0;
        bool asked = false;

        for (end = list; end != NULL && n < BATCH_MAX; end = end->next) {
            asked = asked || end->match.route->kind == ROUTE_HEALTH;
            if (end->match.route->kind == ROUTE_EVENT)
                events[n++] = (struct store_event){.event = &end->intake.event,
                                                   .app = end->app->name,
                                                   .cap = end->app->daily_cap};
        }
        began = clock_steady_us();
        error = store_append(service->store, now, events, n);
        counters_commit(service->counters, n, clock_steady_us() - began, error == STORE_OK);
        note_state(service, error);
        if (error == STORE_OK)
            counters_events(service->counters, events, n);
        health = error == STORE_OK && asked ? read_back(service) : error;
        for (request = list; request != end; request = next) {
            next = request->next;
            if (request->match.route->kind == ROUTE_EVENT)
                decide(request, error, &events[at++], now);
            else
                decide(request, health, NULL, now);
            request_done(request);
        }
        list = end;
    }
}

/* Group commit: events that come in together become one durable transaction.
 *
 * The usual way is short. A network thread gathers the events it finds in one round of its loop;
 * libmicrohttpd comes back to each in the next round, and the first of them stores the whole batch.
 * Meanwhile the other network threads gather theirs. This costs no hand-over to another thread,
 * which would be half of all system calls. When the store does not let the thread in at once, the
 * requests are suspended and left to the writer, who has time; the network goes on. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "request.h"

#define BATCH_MAX   1024
#define AT_ONCE_MS  100  /* a network thread waits no longer for its turn */
#define PATIENCE_MS 2000 /* the writer does */
#define GATHER_US   300  /* how long a batch waits for the clients of the one before */

/* How long a commit of events that failed is bad health, when none follows. */
#define UNHEALTHY_US (10 * INT64_C(1000000))

static _Thread_local struct {
    struct request *first, **last;
    size_t count, expected;
    int64_t began_us;
} batch;

static uint32_t retry_after(enum store_error error)
{
    return error == STORE_BUSY ? 1 : error == STORE_FULL ? 30 : 10;
}

/* When the last commit of events failed, by the steady clock; 0 = it did not. */
static _Atomic int64_t events_failed_us;

/* Says when the store goes and when it comes back, not every time in between. That it is back, an
 * event says: what health writes finds room on a disk that has none for an event. */
static void note_state(struct service *service, enum store_error error, bool events)
{
    static atomic_bool failing;
    bool fails = error != STORE_OK;

    if (events)
        atomic_store(&events_failed_us, fails ? clock_steady_us() : 0);
    if ((!fails && !events) || atomic_exchange(&failing, fails) == fails)
        return;
    if (fails)
        log_line(LOG_ERROR, "cannot store events, answering 503", "why",
                 store_message(service->store), NULL);
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
    request->state = REQUEST_DECIDED;
    if (error != STORE_OK)
        request_refuse(request, REJECT_STORE, NULL, retry_after(error));
    else if (event != NULL && event->fate == STORE_CAPPED)
        request_refuse(request, REJECT_DAILY_CAP, event_fields[EVENT_CID].name,
                       until_midnight(now));
    else if (event != NULL && event->fate == STORE_ERASED)
        counters_reject(request->service->counters, request->app->name, REJECT_ERASED);
}

/* Health is asked of the store itself: the commit writes, this reads. And of the events before. */
static enum store_error health_of(struct service *service)
{
    int64_t when, failed = atomic_load(&events_failed_us);

    if (failed != 0 && clock_steady_us() - failed < UNHEALTHY_US)
        return STORE_FAILED;
    return store_last_purge(service->store, &when);
}

/* Stores the events among the requests from list up to end, and decides all of them. */
static enum store_error commit(struct service *service, struct request *list,
                               const struct request *end, unsigned patience_ms)
{
    static _Thread_local struct store_event events[BATCH_MAX];
    int64_t now = clock_wall(), began = clock_steady_us();
    enum store_error error, health;
    size_t n = 0, at = 0;
    bool asked = false;

    for (const struct request *r = list; r != end; r = r->next) {
        asked = asked || r->match.route->kind == ROUTE_HEALTH;
        if (r->match.route->kind == ROUTE_EVENT)
            events[n++] = (struct store_event){
                .event = &r->intake.event, .app = r->app->name, .cap = r->app->daily_cap};
    }
    error = store_append(service->store, now, events, n, patience_ms);
    if (error == STORE_BUSY && patience_ms < PATIENCE_MS)
        return error;
    counters_commit(service->counters, n, clock_steady_us() - began, error == STORE_OK);
    note_state(service, error, n > 0);
    if (error == STORE_OK)
        counters_events(service->counters, events, n);
    health = error == STORE_OK && asked ? health_of(service) : error;
    for (struct request *r = list; r != end; r = r->next) {
        bool is_event = r->match.route->kind == ROUTE_EVENT;
        decide(r, is_event ? error : health, is_event ? &events[at++] : NULL, now);
    }
    return error;
}

void writer_gather(struct request *request)
{
    if (batch.count == BATCH_MAX)
        writer_commit_batch(request->service);
    if (batch.count == 0) {
        batch.last = &batch.first;
        batch.began_us = clock_steady_us();
    }
    request->state = REQUEST_GATHERED;
    request->next = NULL;
    *batch.last = request;
    batch.last = &request->next;
    batch.count++;
}

/* Clients that were answered together come back together. Storing the first of them alone would
 * make the others wait for a sync that they could have shared. */
bool writer_batch_is_ripe(void)
{
    return batch.count >= batch.expected || clock_steady_us() - batch.began_us > GATHER_US;
}

void writer_commit_batch(struct service *service)
{
    struct request *list = batch.first;

    batch.expected = batch.count;
    batch.first = NULL;
    batch.count = 0;
    if (commit(service, list, NULL, AT_ONCE_MS) == STORE_BUSY)
        for (; list != NULL; list = list->next)
            if (list->state == REQUEST_GATHERED)
                list->state = REQUEST_LATE;
}

void writer_work(struct service *service, struct request *list, size_t count)
{
    struct request *end, *next;
    enum store_error error;

    (void)count;
    while (list != NULL) {
        size_t n = 0;

        for (end = list; end != NULL && n < BATCH_MAX; end = end->next)
            n++;
        error = commit(service, list, end, PATIENCE_MS);
        (void)error; /* every request knows it */
        for (; list != end; list = next) {
            next = list->next;
            request_done(list);
        }
    }
}

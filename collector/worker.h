/* A thread with a queue of requests. The network threads put requests in; the work function takes
 * all that wait, and hands each back with request_done(). */
#ifndef FOOTFALL_WORKER_H
#define FOOTFALL_WORKER_H

#include <stdbool.h>
#include <stddef.h>

struct request;
struct service;

struct worker;

/* Does the work of the list (linked by request->next), which holds `count` requests. */
typedef void worker_work(struct service *service, struct request *list, size_t count);

/* most: requests that may wait. NULL when the thread cannot be started. */
struct worker *worker_start(struct service *service, worker_work *work, size_t most);

/* False when too many wait already. */
__attribute__((warn_unused_result)) bool worker_put(struct worker *worker, struct request *request);

/* Works off what waits, ends the thread. NULL is fine. */
void worker_stop(struct worker *worker);

#endif

/* Erasures, one after the other: each reads through the raw events of its apps. */
#include "log.h"
#include "request.h"

void eraser_work(struct service *service, struct request *list, size_t count)
{
    struct request *next;
    enum store_error error;
    uint64_t erased;

    (void)count;
    for (; list != NULL; list = next) {
        next = list->next;
        error = store_erase(service->store, list->app == NULL ? NULL : list->app->name,
                            list->match.cid, &erased);
        if (error == STORE_OK)
            counters_erased(service->counters, erased);
        else {
            log_line(LOG_ERROR, "cannot erase", "why", store_message(service->store), NULL);
            request_refuse(list, REJECT_STORE, NULL, 5);
        }
        request_done(list);
    }
    error = store_sweep(service->store, 0);
    (void)error; /* the keeper tries again, and says so */
}

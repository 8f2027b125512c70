/* One request, from its first header to its answer. */
#ifndef FOOTFALL_REQUEST_H
#define FOOTFALL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include "answer.h"
#include "intake.h"
#include "live.h"
#include "route.h"
#include "service.h"

enum request_state {
    REQUEST_READING,  /* the body comes in */
    REQUEST_GATHERED, /* a good event, in this network thread's batch */
    REQUEST_LATE,     /* the batch could not be stored at once: the writer's turn */
    REQUEST_WAITING,  /* suspended: a worker has it */
    REQUEST_DECIDED,  /* the answer is known */
};

struct request {
    struct request *next; /* in a worker's queue */
    struct service *service;
    struct MHD_Connection *connection;
    struct live *live;
    const struct config_app *app; /* of an event or erasure; NULL = all apps */
    struct route_match match;
    int64_t began_us;
    enum request_state state;

    /* The outcome: refused, a page, a ready response, or plain 204. */
    bool refused;
    enum reject reason;
    const char *field;
    uint32_t retry_after;         /* seconds, with 429 and 503 */
    struct answer answer;         /* when answer.status is set */
    struct answer_shared *shared; /* a cached page; one reference is ours */

    struct intake intake;
    size_t len;
    char *body;       /* INTAKE_BODY_MAX bytes, made when one comes */
    const char *path; /* without the query; libmicrohttpd's */
    unsigned status;  /* of the answer, once sent */
};

/* Called by workers: the outcome is in the request. It must not be touched afterwards. */
void request_done(struct request *request);

void request_refuse(struct request *request, enum reject reason, const char *field,
                    uint32_t retry_after);

/* The callbacks libmicrohttpd wants; the context is the service. */
enum MHD_Result request_handle(void *service, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_len, void **request);
void request_ended(void *service, struct MHD_Connection *connection, void **request,
                   enum MHD_RequestTerminationCode why);

/* Puts a good event into this network thread's batch. */
void writer_gather(struct request *request);
/* Whether the batch should be stored now, or a moment later with more in it. */
bool writer_batch_is_ripe(void);
/* Stores the batch: its requests are decided, or late. */
void writer_commit_batch(struct service *service);

/* The works of the three workers. */
void writer_work(struct service *service, struct request *list, size_t count);
void reader_work(struct service *service, struct request *list, size_t count);
/* Frees the pages that are kept; after the reader has ended. */
void reader_forget(void);
void eraser_work(struct service *service, struct request *list, size_t count);

#endif

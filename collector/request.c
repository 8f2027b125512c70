#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cid.h"
#include "clock.h"
#include "connections.h"
#include "gate.h"
#include "log.h"
#include "reply.h"
#include "worker.h"

#define DISCARD_MAX                                                                                \
    (1024 * 1024) /* bytes of a refused body that are read, so that the answer arrives */

static const char *header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

void request_refuse(struct request *request, enum reject reason, const char *field,
                    uint32_t retry_after)
{
    request->refused = true;
    request->reason = reason;
    request->field = field;
    request->retry_after = retry_after;
}

/* The path of "http://host/path" too: RFC 9112, section 3.2.2. */
static const char *path_of(const char *url)
{
    const char *authority = strncasecmp(url, "http://", 7) == 0    ? url + 7
                            : strncasecmp(url, "https://", 8) == 0 ? url + 8
                                                                   : NULL;

    if (authority == NULL)
        return url;
    authority = strchr(authority, '/');
    return authority == NULL ? "/" : authority;
}

static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    size_t len = strlen(json);

    if (type == NULL || strncasecmp(type, json, len) != 0)
        return false;
    type += len + strspn(type + len, " \t");
    return *type == '\0' || *type == ';';
}

static enum MHD_Result count_length(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    (void)value;
    *(unsigned *)context += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ? 1 : 0;
    return MHD_YES;
}

/* One length and no chunks, or somebody in front may see another body than we do. */
static bool has_one_length(const struct request *request)
{
    unsigned lengths = 0;

    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_length, &lengths);
    return lengths == 1 && header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) == NULL;
}

/* What the headers alone decide about a request with an event. */
static void check_event_headers(struct request *request)
{
    const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (request->app == NULL)
        request_refuse(request, REJECT_UNKNOWN_APP, NULL, 0);
    else if (request->app->retired)
        request_refuse(request, REJECT_RETIRED, NULL, 0);
    else if (length == NULL || !has_one_length(request))
        request_refuse(request, REJECT_LENGTH, NULL, 0);
    else if (strtoull(length, NULL, 10) > INTAKE_BODY_MAX)
        request_refuse(request, REJECT_TOO_LARGE, NULL, 0);
    else if (!is_json_type(header(request, MHD_HTTP_HEADER_CONTENT_TYPE)))
        request_refuse(request, REJECT_MEDIA_TYPE, NULL, 0);
}

static void check_headers(struct request *request, const char *url, const char *method)
{
    const struct config *config = &request->live->config;
    const struct route *route;
    bool names_app;

    request->path = path_of(url);
    request->match = route_find(request->path, method);
    route = request->match.route;
    names_app = request->match.app[0] != '\0';
    if (request->match.allowed == 0) {
        request_refuse(request, REJECT_NOT_FOUND, NULL, 0);
        return;
    }
    if (route == NULL) {
        request_refuse(request, REJECT_METHOD, NULL, 0);
        return;
    }
    if (names_app || route->kind != ROUTE_ERASE)
        request->app = config_app(config, request->match.app);
    if (route->kind == ROUTE_EVENT || route->kind == ROUTE_VALIDATE)
        check_event_headers(request);
    else if (route->kind == ROUTE_ERASE && names_app && request->app == NULL)
        request_refuse(request, REJECT_UNKNOWN_APP, NULL, 0);
}

static struct request *begin(struct service *service, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof *request);

    if (request == NULL)
        return NULL;
    request->service = service;
    request->connection = connection;
    request->live = live_get(service->live);
    request->began_us = clock_steady_us();
    atomic_fetch_add(&service->open_requests, 1);
    return request;
}

/* True when the body should not even be waited for. */
static bool answer_at_once(const struct request *request)
{
    const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return request->refused && ((length != NULL && !has_one_length(request)) ||
                                header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ||
                                header(request, MHD_HTTP_HEADER_EXPECT) != NULL ||
                                (length != NULL && strtoull(length, NULL, 10) > DISCARD_MAX));
}

static void take_body(struct request *request, const char *bytes, size_t len)
{
    if (request->refused || request->match.route == NULL ||
        (request->match.route->kind != ROUTE_EVENT && request->match.route->kind != ROUTE_VALIDATE))
        return;
    if (request->body == NULL)
        request->body = malloc(INTAKE_BODY_MAX);
    if (request->body == NULL)
        request_refuse(request, REJECT_STORE, NULL, 1);
    else if (len > INTAKE_BODY_MAX - request->len)
        request_refuse(request, REJECT_TOO_LARGE, NULL, 0);
    if (request->refused)
        return;
    memcpy(request->body + request->len, bytes, len);
    request->len += len;
}

/* More than one X-Forwarded-For header means one list, in order. */
struct joined {
    char text[1024];
    size_t len;
};

static enum MHD_Result join_forwarded(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct joined *joined = context;
    size_t n = value == NULL ? 0 : strlen(value);

    (void)kind;
    if (strcasecmp(name, "X-Forwarded-For") != 0 || n == 0)
        return MHD_YES;
    if (n + 2 > sizeof joined->text - joined->len) {
        /* Too long to be honest: what the nearest proxy added stands at its end. */
        joined->len = 0;
        value += n > sizeof joined->text / 2 ? n - sizeof joined->text / 2 : 0;
        n = strlen(value);
    }
    if (joined->len > 0)
        joined->text[joined->len++] = ',';
    memcpy(joined->text + joined->len, value, n + 1);
    joined->len += n;
    return MHD_YES;
}

static uint32_t pass_gate(struct request *request, enum gate_kind kind)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct joined forwarded = {.len = 0};
    struct address peer, client;

    if (info == NULL || !address_of(info->client_addr, &peer))
        return 0;
    forwarded.text[0] = '\0';
    if (address_in(&peer, request->live->proxies, request->live->proxy_count))
        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, join_forwarded, &forwarded);
    client =
        address_client(&peer, forwarded.text, request->live->proxies, request->live->proxy_count);
    return gate_pass(request->service->gate, kind, &client);
}

static void hand_to(struct request *request, struct worker *worker)
{
    request->state = REQUEST_WAITING;
    connections_busy(request->connection, true);
    MHD_suspend_connection(request->connection);
    if (worker_put(worker, request))
        return;
    request_refuse(request, REJECT_STORE, NULL, 5);
    request_done(request);
}

void request_done(struct request *request)
{
    struct MHD_Connection *connection = request->connection;

    request->state = REQUEST_DECIDED;
    MHD_resume_connection(connection);
}

static void decide_event(struct request *request)
{
    uint32_t wait;
    bool ok =
        intake_read(request->body == NULL ? "" : request->body, request->len, &request->intake);

    counters_unknown(request->service->counters, request->intake.unknown);
    if (!ok) {
        request_refuse(request, request->intake.reason, request->intake.field, 0);
        return;
    }
    if (request->match.route->kind == ROUTE_VALIDATE)
        return;
    wait = pass_gate(request, GATE_EVENT);
    if (wait > 0)
        request_refuse(request, REJECT_RATE, NULL, wait);
    else
        writer_gather(request);
}

static void decide_erase(struct request *request)
{
    char *cid = request->match.cid;
    uint32_t wait;

    for (char *c = cid; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'F')
            *c = (char)(*c + 32);
    if (!cid_is_canonical(cid, strlen(cid))) {
        request_refuse(request, REJECT_INVALID_VALUE, event_fields[EVENT_CID].name, 0);
        return;
    }
    wait = pass_gate(request, GATE_ERASE);
    if (wait > 0)
        request_refuse(request, REJECT_RATE, NULL, wait);
    else
        hand_to(request, request->service->eraser);
}

static void decide(struct request *request)
{
    request->state = REQUEST_DECIDED;
    if (request->refused)
        return;
    switch (request->match.route->kind) {
    case ROUTE_EVENT:
    case ROUTE_VALIDATE:
        decide_event(request);
        break;
    case ROUTE_ERASE:
        decide_erase(request);
        break;
    case ROUTE_HEALTH:
        hand_to(request, request->service->writer);
        break;
    case ROUTE_PAGE:
        hand_to(request, request->service->reader);
        break;
    case ROUTE_ASSET:
        reply_run_page(request);
        break;
    }
}

enum MHD_Result request_handle(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_len, void **slot)
{
    struct request *request = *slot;

    (void)version;
    if (request == NULL) {
        request = *slot = begin(context, connection);
        if (request == NULL)
            return MHD_NO;
        check_headers(request, url, method);
        if (!answer_at_once(request))
            return MHD_YES;
        request->state = REQUEST_DECIDED;
        return reply_send(request);
    }
    if (*upload_len > 0) {
        take_body(request, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (request->state == REQUEST_READING)
        decide(request);
    else if (request->state == REQUEST_GATHERED && writer_batch_is_ripe())
        writer_commit_batch(context);
    if (request->state == REQUEST_LATE)
        hand_to(request, request->service->writer);
    if (request->state != REQUEST_DECIDED)
        return MHD_YES;
    connections_busy(connection, false);
    return reply_send(request);
}

void request_ended(void *context, struct MHD_Connection *connection, void **slot,
                   enum MHD_RequestTerminationCode why)
{
    struct service *service = context;
    struct request *request = *slot;

    (void)why;
    if (request == NULL)
        return;
    *slot = NULL;
    if (request->state == REQUEST_GATHERED)
        writer_commit_batch(service); /* it is in there */
    connections_progress(connection);
    reply_log(request);
    answer_unshare(request->shared);
    if (request->answer.owned)
        free((void *)(uintptr_t)request->answer.body);
    live_put(service->live, request->live);
    free(request->body);
    free(request);
    atomic_fetch_sub(&service->open_requests, 1);
}

#include "reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define JSON_TYPE "application/json"

/* One for requests that go on, one for a collector that is ending. */
static struct MHD_Response *no_content[2];

bool reply_init(void)
{
    for (int i = 0; i < 2; i++) {
        no_content[i] = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
        if (no_content[i] == NULL)
            return false;
    }
    return MHD_add_response_header(no_content[1], MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

void reply_release(void)
{
    for (int i = 0; i < 2; i++)
        if (no_content[i] != NULL)
            MHD_destroy_response(no_content[i]);
}

static const char *get_query(void *context, const char *name)
{
    return MHD_lookup_connection_value(context, MHD_GET_ARGUMENT_KIND, name);
}

struct unknown {
    const struct route *route;
    struct event name; /* what cleans it */
    bool found;
};

static enum MHD_Result find_unknown(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct unknown *unknown = context;

    (void)kind;
    (void)value;
    if (route_takes(unknown->route, name))
        return MHD_YES;
    event_set(&unknown->name, EVENT_RELEASE, name);
    unknown->found = true;
    return MHD_NO;
}

void reply_run_page(struct request *request)
{
    struct unknown unknown = {.route = request->match.route};
    struct ask ask = {
        .config = &request->live->config,
        .store = request->service->store,
        .service = request->service,
        .now = clock_wall(),
        .path = request->path,
        .if_none_match = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_IF_NONE_MATCH),
        .accept_encoding = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                       MHD_HTTP_HEADER_ACCEPT_ENCODING),
        .query = get_query,
        .query_context = request->connection,
    };

    if (unknown.route->parameters != NULL)
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, find_unknown,
                                  &unknown);
    ask.unknown = unknown.found ? unknown.name.value[EVENT_RELEASE] : NULL;
    request->match.route->page(&ask, &request->answer);
    if (request->answer.status == 0)
        request_refuse(request, REJECT_STORE, NULL, 5);
}

static struct MHD_Response *with_headers(struct MHD_Response *response, const struct answer *answer)
{
    if (response == NULL)
        return NULL;
    if (answer->content_type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < answer->headers; i++)
        MHD_add_response_header(response, answer->header[i].name, answer->header[i].value);
    return response;
}

/* Takes over an owned body. */
static struct MHD_Response *response_of(struct answer *answer)
{
    enum MHD_ResponseMemoryMode mode =
        answer->owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->len, (void *)(uintptr_t)answer->body, mode);

    if (response != NULL)
        answer->owned = false;
    return with_headers(response, answer);
}

static struct MHD_Response *response_of_shared(struct answer_shared *shared)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        shared->answer.len, (void *)(uintptr_t)shared->answer.body, answer_unshare,
        answer_share_again(shared));

    if (response == NULL)
        answer_unshare(shared);
    return with_headers(response, &shared->answer);
}

static enum MHD_Result queue(struct request *request, unsigned status,
                             struct MHD_Response *response)
{
    bool draining = atomic_load(&request->service->draining);

    if (response == NULL)
        return MHD_NO;
    if (draining && response != no_content[0] && response != no_content[1])
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    request->status = status;
    counters_answer(request->service->counters, status);
    return MHD_queue_response(request->connection, status, response);
}

/* The response is for this request alone. */
static enum MHD_Result queue_once(struct request *request, unsigned status,
                                  struct MHD_Response *response)
{
    enum MHD_Result result = queue(request, status, response);

    if (response != NULL)
        MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_refusal(struct request *request)
{
    const struct reject_reason *reason = &reject_reasons[request->reason];
    struct answer answer = {.status = reason->status, .content_type = JSON_TYPE};
    char body[160], text[32];
    int len;

    /* Only configured names reach the figures: a path may hold anything. */
    counters_reject(request->service->counters, request->app == NULL ? "" : request->app->name,
                    request->reason);
    if (request->field == NULL)
        len = snprintf(body, sizeof body, "{\"error\":\"%s\",\"field\":null}\n", reason->code);
    else
        len = snprintf(body, sizeof body, "{\"error\":\"%s\",\"field\":\"%s\"}\n", reason->code,
                       request->field);
    answer.body = strdup(body);
    answer.len = (size_t)len;
    answer.owned = true;
    if (answer.body == NULL)
        return MHD_NO;
    if (request->reason == REJECT_METHOD) {
        route_allow(request->match.allowed, text);
        answer_header(&answer, MHD_HTTP_HEADER_ALLOW, text);
    }
    if (request->retry_after > 0) {
        snprintf(text, sizeof text, "%u", request->retry_after);
        answer_header(&answer, MHD_HTTP_HEADER_RETRY_AFTER, text);
    }
    return queue_once(request, reason->status, response_of(&answer));
}

static enum MHD_Result send_text(struct request *request, const char *text)
{
    struct answer answer = {.content_type = JSON_TYPE, .body = text, .len = strlen(text)};

    answer_header(&answer, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return queue_once(request, MHD_HTTP_OK, response_of(&answer));
}

enum MHD_Result reply_send(struct request *request)
{
    bool draining = atomic_load(&request->service->draining);

    if (request->refused)
        return send_refusal(request);
    if (request->shared != NULL)
        return queue_once(request, request->shared->answer.status,
                          response_of_shared(request->shared));
    if (request->answer.status != 0)
        return queue_once(request, request->answer.status, response_of(&request->answer));
    if (request->match.route->kind == ROUTE_VALIDATE)
        return send_text(request, "{\"valid\":true}\n");
    if (request->match.route->kind == ROUTE_HEALTH)
        return send_text(request, "{\"status\":\"ok\"}\n");
    return queue(request, MHD_HTTP_NO_CONTENT, no_content[draining ? 1 : 0]);
}

void reply_log(const struct request *request)
{
    char status[16], took[32];

    if (!request->live->config.log_requests)
        return;
    snprintf(status, sizeof status, "%u", request->status);
    snprintf(took, sizeof took, "%lld", (long long)(clock_steady_us() - request->began_us));
    log_line(LOG_INFO, "request", "route",
             request->match.route == NULL ? "none" : request->match.route->pattern, "status",
             status, "us", took, NULL);
}

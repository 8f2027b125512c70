/* Why a request was refused: the closed set that counters, /metrics and /v1/stats share. */
#ifndef FOOTFALL_REJECT_H
#define FOOTFALL_REJECT_H

#include <stddef.h>

/* id, code in the answer and in the figures, HTTP status, what it means (for the manual) */
#define REJECT_TABLE(X)                                                                            \
    X(INVALID_JSON, "invalid_json", 400, "the body is not one strict JSON object")                 \
    X(MISSING_MEMBER, "missing_member", 400, "a member of the event is not there")                 \
    X(DUPLICATE_MEMBER, "duplicate_member", 400, "a member is there twice")                        \
    X(INVALID_VALUE, "invalid_value", 400, "a value is outside its closed set or limits")          \
    X(UNKNOWN_APP, "unknown_app", 404, "no app of that name is configured")                        \
    X(NOT_FOUND, "not_found", 404, "there is nothing at this path")                                \
    X(METHOD, "method_not_allowed", 405, "this path knows other methods; see Allow")               \
    X(RETIRED, "app_retired", 410, "the app is retired and is never to send again")                \
    X(LENGTH, "length_required", 411, "no Content-Length, or a chunked body")                      \
    X(TOO_LARGE, "too_large", 413, "the body is over 4096 bytes")                                  \
    X(MEDIA_TYPE, "unsupported_media_type", 415, "the Content-Type is not application/json")       \
    X(RATE, "rate_limited", 429, "this address sends too many events a minute")                    \
    X(DAILY_CAP, "daily_cap", 429, "this id has had its number of events for today")               \
    X(STORE, "store_unavailable", 503, "the store cannot be written now")                          \
    X(ERASED, "erased", 204, "the id was erased; dropped, and answered as if stored")

enum reject {
#define X(id, code, status, meaning) REJECT_##id,
    REJECT_TABLE(X)
#undef X
        REJECT_REASONS
};

struct reject_reason {
    const char *code;
    unsigned status;
    const char *meaning;
};
extern const struct reject_reason reject_reasons[REJECT_REASONS];

#endif

#include "forward_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "config.h"
#include "endpoint.h"
#include "log.h"
#include "trust.h"

#ifndef FOOTFALL_VERSION
#define FOOTFALL_VERSION "unknown"
#endif

/* PostHog files events without a User-Agent, or with curl's, under bots. */
#define USER_AGENT "footfall-collector/" FOOTFALL_VERSION

#define RETRY_AFTER_MOST 3600 /* seconds we wait at most because we are told to */

struct forward_http {
    CURL *curl;
    struct curl_slist *headers;
    const atomic_bool *stop;
    struct trust *trust; /* NULL: nothing can be verified, so TLS fails */
};

static CURLcode use_trust(CURL *curl, void *ssl_config, void *trust)
{
    (void)curl;
    trust_install(trust, ssl_config);
    return CURLE_OK;
}

static void open_trust(struct forward_http *http, const char *ca_file)
{
    char reason[CONFIG_MESSAGE_MAX];

    http->trust = trust_open(ca_file, reason, sizeof reason);
    if (!http->trust)
        log_line(LOG_ERROR, "no certificates to verify services with; see forward-ca-file",
                 "reason", reason, NULL);
}

struct taking {
    struct forward_reply *reply;
    size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct taking *taking = context;
    size_t room = FORWARD_HTTP_REPLY_MAX - 1 - taking->len;
    size_t n = size * count;

    memcpy(taking->reply->text + taking->len, data, n < room ? n : room);
    taking->len += n < room ? n : room;
    taking->reply->text[taking->len] = '\0';
    return n;
}

/* libcurl knows this header too, but not when it is built without its reader of dates. */
static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    static const char name[] = "retry-after:";
    struct forward_reply *reply = context;
    size_t len = size * count, at = sizeof name - 1;

    if (len <= at || strncasecmp(line, name, at) != 0)
        return len;
    while (at < len && line[at] == ' ')
        at++;
    long wait = 0;
    for (; at < len && line[at] >= '0' && line[at] <= '9' && wait <= RETRY_AFTER_MOST; at++)
        wait = wait * 10 + (line[at] - '0');
    reply->retry_after = wait < RETRY_AFTER_MOST ? wait : RETRY_AFTER_MOST;
    return len;
}

static int give_up(void *context, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                   curl_off_t ulnow)
{
    struct forward_http *http = context;

    (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
    return atomic_load(http->stop) ? 1 : 0;
}

static bool set_options(struct forward_http *http)
{
    CURL *curl = http->curl;
    bool ok = true;

    ok = ok && !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_POST, 1L);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FORWARD_HTTP_SECONDS);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FORWARD_HTTP_SECONDS / 2);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, give_up);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    ok = ok && !curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    ok = ok && (!http->trust || (!curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, use_trust) &&
                                 !curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, http->trust)));
    return ok;
}

struct forward_http *forward_http_new(const char *ca_file, const atomic_bool *stop)
{
    struct forward_http *http = calloc(1, sizeof *http);

    if (!http)
        return NULL;
    http->stop = stop;
    http->curl = curl_easy_init();
    http->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (http->headers) /* an empty value takes the header away: no round trip before a long body */
        curl_slist_append(http->headers, "Expect:");
    open_trust(http, ca_file);
    if (http->curl && http->headers && set_options(http))
        return http;
    forward_http_free(http);
    return NULL;
}

void forward_http_free(struct forward_http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    curl_slist_free_all(http->headers);
    trust_close(http->trust);
    free(http);
}

/* libcurl's own texts hold addresses, and GA4's address holds the secret: none of them is used. */
static const char *reason_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the name cannot be resolved";
    case CURLE_COULDNT_CONNECT:
        return "no connection";
    case CURLE_OPERATION_TIMEDOUT:
        return "no answer in time";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate cannot be verified";
    case CURLE_SSL_CONNECT_ERROR:
        return "TLS failed";
    case CURLE_ABORTED_BY_CALLBACK:
        return "stopping";
    default:
        return "the connection broke";
    }
}

void forward_http_post(struct forward_http *http, const char *url, const char *body,
                       struct forward_reply *reply)
{
    struct taking taking = {.reply = reply};

    *reply = (struct forward_reply){.reason = "out of memory"};
    /* What goes out in the clear goes to this machine alone, whatever the environment says. */
    const char *proxy = endpoint_check(url) == ENDPOINT_LOOPBACK ? "" : NULL;
    if (curl_easy_setopt(http->curl, CURLOPT_URL, url) ||
        curl_easy_setopt(http->curl, CURLOPT_PROXY, proxy) ||
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body) ||
        curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, reply) ||
        curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &taking))
        return;
    CURLcode code = curl_easy_perform(http->curl);
    if (code != CURLE_OK) {
        reply->reason = reason_of(code);
        return;
    }
    reply->reason = NULL;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &reply->status);
}

#include "forward_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "log.h"

#ifndef FOOTFALL_VERSION
#define FOOTFALL_VERSION "unknown"
#endif

/* PostHog files events without a User-Agent, or with curl's, under bots. */
#define USER_AGENT "footfall-collector/" FOOTFALL_VERSION

#define CERTIFICATES_MAX (4 * 1024 * 1024) /* bytes of a bundle */

struct forward_http {
    CURL *curl;
    struct curl_slist *headers;
    const atomic_bool *stop;
    struct curl_blob certificates; /* in memory: our mbedTLS reads no files */
};

/* Where systems keep the certificates they trust. */
static const char *system_certificates(void)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch, Gentoo */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
        "/etc/ssl/ca-bundle.pem",             /* openSUSE */
        "/etc/ssl/cert.pem",                  /* the BSDs, macOS */
    };
    const char *named = getenv("SSL_CERT_FILE");

    if (named && *named)
        return named;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

/* Without certificates no connection is made: it could not be verified. */
static void read_certificates(struct forward_http *http, const char *ca_file)
{
    const char *file = *ca_file ? ca_file : system_certificates();
    FILE *in = file ? fopen(file, "re") : NULL;
    char *text = in ? malloc(CERTIFICATES_MAX) : NULL;
    size_t len = text ? fread(text, 1, CERTIFICATES_MAX - 1, in) : 0;

    if (in)
        fclose(in);
    if (len == 0)
        log_line(LOG_ERROR, "no certificates to verify services with; name a file by forward-ca-file",
                 "file", file ? file : "none found", NULL);
    char *fitting = len > 0 ? realloc(text, len + 1) : NULL;
    if (!fitting) {
        free(text);
        return;
    }
    fitting[len] = '\0';
    http->certificates =
        (struct curl_blob){.data = fitting, .len = len + 1, .flags = CURL_BLOB_NOCOPY};
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
    ok = ok && !curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    ok = ok && (http->certificates.len == 0 ||
                !curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &http->certificates));
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
    read_certificates(http, ca_file);
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
    free(http->certificates.data);
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
    case CURLE_SSL_CACERT_BADFILE:
        return "the certificates to verify it with cannot be read";
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
    curl_off_t wait = 0;

    *reply = (struct forward_reply){.reason = "out of memory"};
    if (curl_easy_setopt(http->curl, CURLOPT_URL, url) ||
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body) ||
        curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &taking))
        return;
    CURLcode code = curl_easy_perform(http->curl);
    if (code != CURLE_OK) {
        reply->reason = reason_of(code);
        return;
    }
    reply->reason = NULL;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    if (curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
        reply->retry_after = wait > 3600 ? 3600 : (long)wait;
}

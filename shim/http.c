#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plat.h"
#include "trust.h"

const bool http_built_in = true;

#define REPLY_MAX 4096 /* bytes of a reply that are read, its head included */

static size_t take_reply(char *bytes, size_t size, size_t count, void *taken)
{
    size_t *total = taken;

    (void)bytes;
    *total += size * count;
    return *total > REPLY_MAX ? 0 : size * count; /* less than offered ends the transfer */
}

static CURLcode use_trust(CURL *curl, void *ssl_config, void *trust)
{
    (void)curl;
    trust_install(trust, ssl_config);
    return CURLE_OK;
}

static int set_socket(void *nothing, curl_socket_t socket, curlsocktype purpose)
{
    (void)nothing;
    (void)purpose;
    plat_spare_packets((uintptr_t)socket);
    return CURL_SOCKOPT_OK;
}

static int look_on(void *request, curl_off_t reply_size, curl_off_t reply, curl_off_t body_size,
                   curl_off_t body)
{
    const struct http_request *r = request;

    (void)reply_size;
    (void)reply;
    (void)body_size;
    if (body > 0 && r->has_left != NULL)
        r->has_left(r->context);
    return CURL_PROGRESSFUNC_CONTINUE;
}

/* A name with nothing after its colon takes that header out of the request. */
static struct curl_slist *headers(bool posts)
{
    static const char *const none[] = {"User-Agent:", "Accept:", "Expect:", "Proxy-Connection:"};
    struct curl_slist *list =
        curl_slist_append(NULL, posts ? "Content-Type: application/json" : "Content-Type:");

    for (size_t i = 0; list != NULL && i < sizeof none / sizeof *none; i++) {
        struct curl_slist *longer = curl_slist_append(list, none[i]);
        if (longer == NULL)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

static void set_request(CURL *curl, const struct http_request *request)
{
    if (request->body == NULL) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "DELETE");
    } else {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
    }
}

static void set_limits(CURL *curl, const struct http_request *request)
{
    /* Stop a little before the process is ended, so that there is time to say so. */
    long ms = (long)request->deadline_ms;

    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ms > 400 ? ms - 100 : ms - ms / 4);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* SIGALRM is the deadline's */
    curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, set_socket);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static void set_url(CURL *curl, const char *url)
{
    bool loopback = endpoint_check(url) == ENDPOINT_LOOPBACK;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, loopback ? "http" : "https");
    /* What goes out in the clear goes to this machine alone, whatever the environment says. */
    if (loopback)
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
}

static void judge(CURL *curl, CURLcode code, struct report *report)
{
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &report->http_status);
    if (report->http_status >= 200 && report->http_status < 300) {
        report->delivery = DELIVERED;
    } else if (report->http_status >= 300) {
        report->delivery = REFUSED;
        snprintf(report->detail, sizeof report->detail, "the endpoint answered %ld",
                 report->http_status);
    } else {
        report->delivery = NOT_DELIVERED;
        snprintf(report->detail, sizeof report->detail, "%s (curl %d)",
                 code == CURLE_OPERATION_TIMEDOUT ? "no answer before the deadline"
                 : code == CURLE_PEER_FAILED_VERIFICATION
                     ? "the endpoint's certificate is not trusted"
                     : "no answer from the endpoint",
                 (int)code);
    }
}

static void perform(CURL *curl, const struct http_request *request, struct trust *trust,
                    struct report *report)
{
    struct curl_slist *list = headers(request->body != NULL);
    struct curl_slist *proxy_list = curl_slist_append(NULL, "User-Agent:");
    size_t taken = 0;

    if (proxy_list != NULL)
        curl_slist_append(proxy_list, "Proxy-Connection:");
    if (list == NULL || proxy_list == NULL) {
        snprintf(report->detail, sizeof report->detail, "out of memory");
    } else {
        set_url(curl, request->url);
        set_request(curl, request);
        set_limits(curl, request);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_on);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
        curl_easy_setopt(curl, CURLOPT_PROXYHEADER, proxy_list);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &taken);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_reply);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &taken);
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, use_trust);
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, trust);
        judge(curl, curl_easy_perform(curl), report);
    }
    curl_slist_free_all(list);
    curl_slist_free_all(proxy_list);
}

void http_send(const struct http_request *request, struct report *report)
{
    struct trust *trust = NULL;
    CURL *curl;

    *report = (struct report){.delivery = NOT_DELIVERED};
    /* Without TLS no anchors are needed. */
    if (endpoint_check(request->url) == ENDPOINT_HTTPS) {
        trust = trust_open(request->cacert, report->detail, sizeof report->detail);
        if (trust == NULL)
            return;
    }
    curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (curl == NULL)
        snprintf(report->detail, sizeof report->detail, "out of memory");
    else
        perform(curl, request, trust, report);
    curl_easy_cleanup(curl);
    trust_close(trust);
}

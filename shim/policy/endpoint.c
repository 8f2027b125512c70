#include "endpoint.h"

#include <string.h>

/* Length of the prefix in any case, or 0 when url does not begin with it. */
static size_t after_prefix(const char *url, const char *prefix)
{
    size_t i = 0;
    for (; prefix[i] != '\0'; i++) {
        char c = url[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != prefix[i])
            return 0;
    }
    return i;
}

/* Dotted decimal, 127.0.0.0/8, four plain numbers: nothing that a resolver could read otherwise. */
static bool is_loopback_v4(const char *host, size_t len)
{
    unsigned part = 0, parts = 0, digits = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && host[i] >= '0' && host[i] <= '9') {
            part = part * 10 + (unsigned)(host[i] - '0');
            if (++digits > 3)
                return false;
            continue;
        }
        if ((i < len && host[i] != '.') || digits == 0 || part > 255)
            return false;
        if (parts++ == 0 && part != 127)
            return false;
        part = digits = 0;
    }
    return parts == 4;
}

static bool is_loopback(const char *host, size_t len)
{
    if (len == 9 && after_prefix(host, "localhost") == 9)
        return true;
    if (len == 5 && memcmp(host, "[::1]", 5) == 0)
        return true;
    return is_loopback_v4(host, len);
}

static bool is_port(const char *text, size_t len)
{
    unsigned long port = 0;

    if (len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    return len == 0 || (port > 0 && port <= 65535);
}

/* Bytes of the host at the start of an authority: up to the port's colon, [::1] as one. */
static size_t host_length(const char *authority, size_t len)
{
    const char *end =
        authority[0] == '[' ? memchr(authority, ']', len) : memchr(authority, ':', len);
    if (end == NULL)
        return len;
    return (size_t)(end - authority) + (authority[0] == '[' ? 1 : 0);
}

enum endpoint endpoint_check(const char *url)
{
    bool secure;
    size_t at, authority, host;

    if (url == NULL || url[0] == '\0')
        return ENDPOINT_NONE;
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return ENDPOINT_BAD;
    at = after_prefix(url, "https://");
    secure = at > 0;
    if (!secure)
        at = after_prefix(url, "http://");
    if (at == 0 || strlen(url) >= ENDPOINT_MAX)
        return ENDPOINT_BAD;

    authority = strcspn(url + at, "/?#");
    /* A user name would be a secret on every user's disk, and hides the host from a reader. */
    if (memchr(url + at, '@', authority) != NULL || memchr(url + at, '\\', authority) != NULL)
        return ENDPOINT_BAD;
    host = host_length(url + at, authority);
    if (host == 0 || (host < authority && url[at + host] != ':'))
        return ENDPOINT_BAD;
    if (host < authority && !is_port(url + at + host + 1, authority - host - 1))
        return ENDPOINT_BAD;
    if (secure)
        return ENDPOINT_HTTPS;
    return is_loopback(url + at, host) ? ENDPOINT_LOOPBACK : ENDPOINT_BAD;
}

bool endpoint_erase(const char *url, const char *cid, char *out, size_t size)
{
    static const char sibling[] = "install/";
    size_t path = strcspn(url, "?#");
    size_t authority = after_prefix(url, "https://");
    size_t base;

    if (authority == 0)
        authority = after_prefix(url, "http://");
    authority += strcspn(url + authority, "/?#");
    while (path > authority + 1 && url[path - 1] == '/')
        path--;
    for (base = path; base > authority && url[base - 1] != '/'; base--)
        ;
    if (base + 1 + sizeof sibling + strlen(cid) > size)
        return false;
    memcpy(out, url, base);
    if (base == authority)
        out[base++] = '/';
    memcpy(out + base, sibling, sizeof sibling - 1);
    memcpy(out + base + sizeof sibling - 1, cid, strlen(cid) + 1);
    return true;
}

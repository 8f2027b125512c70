#include "address.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static void from_v4(const void *four_bytes, struct address *address)
{
    memcpy(address->ip.s6_addr, mapped, sizeof mapped);
    memcpy(address->ip.s6_addr + 12, four_bytes, 4);
}

bool address_of(const struct sockaddr *from, struct address *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (from == NULL)
        return false;
    if (from->sa_family == AF_INET) {
        memcpy(&v4, from, sizeof v4);
        from_v4(&v4.sin_addr, address);
        return true;
    }
    if (from->sa_family != AF_INET6)
        return false;
    memcpy(&v6, from, sizeof v6);
    address->ip = v6.sin6_addr;
    return true;
}

bool address_parse(const char *text, size_t len, struct address *address)
{
    char word[INET6_ADDRSTRLEN];
    struct in_addr v4;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof word)
        return false;
    memcpy(word, text, len);
    word[len] = '\0';
    if (inet_pton(AF_INET, word, &v4) == 1) {
        from_v4(&v4, address);
        return true;
    }
    return inet_pton(AF_INET6, word, &address->ip) == 1;
}

static bool bits_parse(const char *text, size_t len, unsigned *bits)
{
    *bits = 0;
    if (len == 0 || len > 3)
        return false;
    for (; len > 0; text++, len--) {
        if (*text < '0' || *text > '9')
            return false;
        *bits = *bits * 10 + (unsigned)(*text - '0');
    }
    return true;
}

bool address_network_parse(const char *text, size_t len, struct address_network *network)
{
    const char *slash = memchr(text, '/', len);
    size_t name = slash == NULL ? len : (size_t)(slash - text);
    bool v4 = memchr(text, ':', name) == NULL;
    struct address address;
    unsigned bits;

    if (!address_parse(text, name, &address))
        return false;
    network->ip = address.ip;
    network->bits = 128;
    if (slash == NULL)
        return true;
    if (!bits_parse(slash + 1, len - name - 1, &bits) || bits > (v4 ? 32u : 128u))
        return false;
    network->bits = bits + (v4 ? 96 : 0);
    return true;
}

static bool same_start(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(a->s6_addr, b->s6_addr, whole) != 0)
        return false;
    return rest == 0 || (a->s6_addr[whole] ^ b->s6_addr[whole]) >> (8 - rest) == 0;
}

bool address_in(const struct address *address, const struct address_network *networks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_start(&address->ip, &networks[i].ip, networks[i].bits))
            return true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Some proxies write the client's port too: 192.0.2.1:5060, [2001:db8::1]:5060. */
static size_t without_port(const char *text, size_t len)
{
    size_t end = len;

    while (end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9')
        end--;
    if (end < 2 || end == len || text[end - 1] != ':')
        return len;
    end--;
    return text[end - 1] == ']' || memchr(text, ':', end) == NULL ? end : len;
}

struct address address_client(const struct address *peer, const char *forwarded,
                              const struct address_network *trusted, size_t count)
{
    struct address client = *peer, next;
    size_t end = forwarded == NULL ? 0 : strlen(forwarded);

    while (end > 0 && address_in(&client, trusted, count)) {
        size_t start, stop = end;

        while (end > 0 && forwarded[end - 1] != ',')
            end--;
        for (start = end; start < stop && is_blank(forwarded[start]); start++)
            ;
        while (stop > start && is_blank(forwarded[stop - 1]))
            stop--;
        if (!address_parse(forwarded + start, without_port(forwarded + start, stop - start), &next))
            break;
        client = next;
        end -= end > 0 ? 1 : 0;
    }
    return client;
}

struct address address_household(const struct address *address)
{
    struct address cut = *address;

    if (memcmp(cut.ip.s6_addr, mapped, sizeof mapped) != 0)
        memset(cut.ip.s6_addr + 8, 0, 8);
    return cut;
}

static bool split(const char *listen, char host[64], char port[8])
{
    const char *colon = strrchr(listen, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - listen);

    if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']') {
        listen++;
        len -= 2;
    } else if (memchr(listen, ':', len) != NULL) {
        return false; /* IPv6 without brackets: where does the port begin? */
    }
    if (len == 0 || len > 63 || strlen(colon + 1) == 0 || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtol(colon + 1, NULL, 10) > 65535)
        return false;
    memcpy(host, listen, len);
    host[len] = '\0';
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

struct addrinfo *address_listen(const char *text)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[64], port[8];

    return split(text, host, port) && getaddrinfo(host, port, &hints, &found) == 0 ? found : NULL;
}

/* Addresses. Those of clients are used for rate limits, in memory, and nowhere else. */
#ifndef FOOTFALL_ADDRESS_H
#define FOOTFALL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* IPv4 is kept as IPv4-mapped IPv6, so that there is one form. */
struct address {
    struct in6_addr ip;
};
struct address_network {
    struct in6_addr ip;
    unsigned bits; /* 0 to 128 */
};

/* False when it is neither IPv4 nor IPv6. */
bool address_of(const struct sockaddr *from, struct address *address);
bool address_parse(const char *text, size_t len, struct address *address);

/* "10.0.0.0/8", "::1", "192.0.2.7"; false for anything else. */
bool address_network_parse(const char *text, size_t len, struct address_network *network);
bool address_in(const struct address *address, const struct address_network *networks,
                size_t count);

/* The client behind the connection: walks X-Forwarded-For from its right end as long as the address
 * at hand is a trusted proxy. What a stranger writes there is never believed. forwarded may be
 * NULL. */
struct address address_client(const struct address *peer, const char *forwarded,
                              const struct address_network *trusted, size_t count);

/* Cuts an IPv6 address to its /64, which is what one household or machine gets. */
struct address address_household(const struct address *address);

/* Where to listen: "127.0.0.1:80", "[::1]:80". NULL for anything else; else to be freed with
 * freeaddrinfo(). */
struct addrinfo *address_listen(const char *text);

#endif

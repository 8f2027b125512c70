/* The HTTP server: a listening socket and libmicrohttpd's threads behind it. */
#ifndef FOOTFALL_SERVER_H
#define FOOTFALL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

struct server;
struct service;

#define SERVER_ADDRESS_MAX 80 /* bytes of "[address]:port" */

/* Binds an address that the configuration has let through. Returns the socket, or -1 with a message
 * that names the address and the remedy. */
int server_bind(const char *listen, char message[CONFIG_MESSAGE_MAX]);
/* Where a bound socket really listens. */
void server_address(int fd, char text[SERVER_ADDRESS_MAX]);

/* Begins to answer; takes over the socket. NULL when it cannot. */
struct server *server_start(struct service *service, int fd, const struct config *config);

/* Stops accepting, waits for the requests under way, ends. NULL is fine. */
void server_stop(struct server *server);

#endif

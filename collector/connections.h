/* The open connections, and how long each may take: libmicrohttpd's timeout starts anew with every
 * byte, so a client that sends one byte at a time would stay for ever. */
#ifndef FOOTFALL_CONNECTIONS_H
#define FOOTFALL_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

struct service;

/* libmicrohttpd's callback; the context is the service. */
void connections_notify(void *service, struct MHD_Connection *connection, void **slot,
                        enum MHD_ConnectionNotificationCode what);

/* A worker has the connection's request: its time does not count. */
void connections_busy(struct MHD_Connection *connection, bool busy);
/* A request was answered: the time for the next one begins. */
void connections_progress(struct MHD_Connection *connection);

/* Ends connections that have sent no whole request for `seconds`. */
void connections_reap(uint32_t seconds);

#endif

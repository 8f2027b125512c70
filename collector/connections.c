#include "connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "service.h"

struct connection {
    struct connection *next, **link;
    _Atomic int64_t since_us;
    atomic_bool busy;
    int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection *all;

static void opened(struct MHD_Connection *connection, void **slot)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c = info == NULL ? NULL : calloc(1, sizeof *c);

    *slot = c;
    if (c == NULL)
        return;
    c->fd = info->connect_fd;
    atomic_init(&c->since_us, clock_steady_us());
    pthread_mutex_lock(&lock);
    c->next = all;
    c->link = &all;
    if (all != NULL)
        all->link = &c->next;
    all = c;
    pthread_mutex_unlock(&lock);
}

static void closed(struct connection *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&lock);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    pthread_mutex_unlock(&lock);
    free(c);
}

void connections_notify(void *context, struct MHD_Connection *connection, void **slot,
                        enum MHD_ConnectionNotificationCode what)
{
    struct service *service = context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        atomic_fetch_add(&service->connections, 1);
        opened(connection, slot);
    } else {
        atomic_fetch_sub(&service->connections, 1);
        closed(*slot);
        *slot = NULL;
    }
}

static struct connection *of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

void connections_busy(struct MHD_Connection *connection, bool busy)
{
    struct connection *c = of(connection);

    if (c != NULL)
        atomic_store(&c->busy, busy);
}

void connections_progress(struct MHD_Connection *connection)
{
    struct connection *c = of(connection);

    if (c == NULL)
        return;
    atomic_store(&c->since_us, clock_steady_us());
    atomic_store(&c->busy, false);
}

void connections_reap(uint32_t seconds)
{
    int64_t limit = clock_steady_us() - (int64_t)seconds * 1000000;

    pthread_mutex_lock(&lock);
    /* Shut down, not closed: under the lock the descriptor is still libmicrohttpd's. */
    for (struct connection *c = all; c != NULL; c = c->next)
        if (!atomic_load(&c->busy) && atomic_load(&c->since_us) < limit)
            shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&lock);
}

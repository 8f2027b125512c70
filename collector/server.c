#include "server.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "address.h"
#include "connections.h"
#include "reply.h"
#include "request.h"

#define CONNECTION_BYTES (10 * 1024) /* headers, body chunk and answer of one connection */
#define BACKLOG          1024
#define DRAIN_MS         5000 /* at most, for requests under way */
#define QUIET_MS         60 /* nothing new for this long: what was sent before the end has come in */

struct server {
    struct service *service;
    struct MHD_Daemon *daemon;
};

static int listen_at(const struct addrinfo *where)
{
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, saved;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static const char *remedy(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program has it; end that one or choose another port with --listen";
    case EACCES:
        return "ports below 1024 need root; start as root with `user` set, or choose another";
    case EADDRNOTAVAIL:
        return "this machine has no such address";
    default:
        return "choose another with --listen";
    }
}

int server_bind(const char *listen, char message[CONFIG_MESSAGE_MAX])
{
    struct addrinfo *found = address_listen(listen);
    int fd = -1;

    if (found != NULL)
        fd = listen_at(found);
    if (fd < 0)
        snprintf(message, CONFIG_MESSAGE_MAX, "cannot listen on %.80s: %s; %s", listen,
                 strerror(errno), remedy(errno));
    if (found != NULL)
        freeaddrinfo(found);
    return fd;
}

void server_address(int fd, char text[SERVER_ADDRESS_MAX])
{
    struct sockaddr_storage where;
    socklen_t len = sizeof where;
    char host[64] = "?", port[8] = "?";

    if (getsockname(fd, (struct sockaddr *)&where, &len) == 0)
        getnameinfo((struct sockaddr *)&where, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(text, SERVER_ADDRESS_MAX, strchr(host, ':') == NULL ? "%s:%s" : "[%s]:%s", host, port);
}

/* Every connection is a descriptor; libmicrohttpd, the store and the forwarders need a few more. */
static void allow_descriptors(uint32_t connections)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= connections + 128)
        return;
    limit.rlim_cur = connections + 128 < limit.rlim_max ? connections + 128 : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* As libmicrohttpd's own, but %00 stays as it is: an unescaped one would end the text. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    char *out = text;

    (void)context;
    (void)connection;
    for (const char *in = text; *in != '\0'; in++) {
        char digits[3] = {0};

        if (*in == '%' && in[1] != '\0' && in[2] != '\0') {
            char *end;
            unsigned long code;

            memcpy(digits, in + 1, 2);
            code = strtoul(digits, &end, 16);
            if (end == digits + 2 && digits[0] != '+' && digits[0] != '-' && digits[0] != ' ' &&
                code != 0) {
                *out++ = (char)code;
                in += 2;
                continue;
            }
        }
        *out++ = *in;
    }
    *out = '\0';
    return (size_t)(out - text);
}

static struct MHD_Daemon *start_daemon(struct service *service, int fd, const struct config *config)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    uint32_t workers = config->workers, connections = config->max_connections;

    /* libmicrohttpd wants at least one connection a thread. */
    if (workers > connections)
        workers = connections;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, request_handle, service, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, workers > 1 ? workers : 0, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_TIMEOUT, config->request_seconds,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_ended,
        service, MHD_OPTION_NOTIFY_CONNECTION, connections_notify, service, MHD_OPTION_END);
}

struct server *server_start(struct service *service, int fd, const struct config *config)
{
    struct server *server = calloc(1, sizeof *server);

    allow_descriptors(config->max_connections);
    if (server != NULL && reply_init()) {
        server->service = service;
        server->daemon = start_daemon(service, fd, config);
    }
    if (server == NULL || server->daemon == NULL) {
        free(server);
        close(fd);
        return NULL;
    }
    return server;
}

/* Waits until no request is open, and for a moment none begins. */
static void drain(struct service *service)
{
    const struct timespec step = {.tv_nsec = 10000000};
    int quiet = 0;

    for (int ms = 0; ms < DRAIN_MS && quiet < QUIET_MS; ms += 10) {
        nanosleep(&step, NULL);
        quiet = atomic_load(&service->open_requests) == 0 ? quiet + 10 : 0;
    }
}

void server_stop(struct server *server)
{
    MHD_socket fd;

    if (server == NULL)
        return;
    atomic_store(&server->service->draining, true);
    fd = MHD_quiesce_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    drain(server->service);
    MHD_stop_daemon(server->daemon);
    reply_release();
    free(server);
}

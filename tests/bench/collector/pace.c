/* pace PORT RATE SECONDS: sends events at a fixed rate over 32 connections, and prints the median
 * and the 99th percentile of the time to the answer, counted from when each was due (so that a
 * stalled server is not spared the waiting of those behind). One thread, one epoll. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CONNECTIONS 32

struct lane {
    int fd;
    double due; /* of the request under way, seconds; 0 = free */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void ask(struct lane *lane, double due)
{
    static unsigned long long id;
    char body[512], text[1024];
    int n = snprintf(body, sizeof body,
                     "{\"event_label\":\"install_start\",\"os\":\"linux\",\"arch\":\"x86_64\","
                     "\"platform\":\"linux-x86_64\",\"release\":\"v1\",\"method\":\"shell\","
                     "\"cid\":\"%08llx-0000-4000-8000-000000000000\"}",
                     id++ & 0xffffffffu);

    n = snprintf(text, sizeof text,
                 "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 n, body);
    if (write(lane->fd, text, (size_t)n) != n)
        exit(1);
    lane->due = due;
}

int main(int argc, char **argv)
{
    struct lane lane[CONNECTIONS] = {{0, 0}};
    struct epoll_event events[CONNECTIONS];
    int poll = epoll_create1(0);
    long done = 0, sent = 0, total;
    double rate, began, *took;
    char reply[4096];

    if (argc != 4)
        return 2;
    rate = atof(argv[2]);
    total = (long)(rate * atof(argv[3]));
    took = calloc((size_t)total + 1, sizeof *took);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event add = {.events = EPOLLIN, .data = {.u32 = (unsigned)i}};
        lane[i].fd = dial(atoi(argv[1]));
        epoll_ctl(poll, EPOLL_CTL_ADD, lane[i].fd, &add);
    }
    began = now();
    while (done < total) {
        for (int i = 0; i < CONNECTIONS && sent < total; i++)
            if (lane[i].due == 0 && began + (double)sent / rate <= now()) {
                ask(&lane[i], began + (double)sent / rate);
                sent++;
            }
        /* A millisecond of sleep counts as the server's: it errs on the honest side. */
        int n = epoll_wait(poll, events, CONNECTIONS, 1);
        for (int e = 0; e < n; e++) {
            struct lane *answered = &lane[events[e].data.u32];
            ssize_t got = read(answered->fd, reply, sizeof reply);
            if (got < 12 || memcmp(reply, "HTTP/1.1 204", 12) != 0)
                return 1;
            took[done++] = now() - answered->due;
            answered->due = 0;
        }
    }
    qsort(took, (size_t)done, sizeof *took, by_size);
    printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", took[done / 2] * 1e3,
           took[done * 99 / 100] * 1e3);
    return 0;
}

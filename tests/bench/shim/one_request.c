/* A peer for make bench: the least that sends one event, in the clear, to 127.0.0.1:PORT. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char request[] =
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
                   write(fd, request, sizeof request - 1) > 0
               ? 0
               : 1;
}

/* What the shim's trust.c, which the collector verifies services with, asks of its platform. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "plat.h"
#include "random.h"

bool plat_random(void *out, size_t len)
{
    return random_bytes(out, len);
}

unsigned char *plat_read_file(const char *path, size_t max, size_t *len)
{
    /* Not waiting: a FIFO in the place of the file must not hold the start up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    unsigned char *bytes = fd >= 0 ? malloc(max + 1) : NULL;
    ssize_t n = 1;

    *len = 0;
    while (bytes && n > 0 && *len <= max) {
        n = read(fd, bytes + *len, max + 1 - *len);
        *len += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
    if (bytes && n == 0)
        return bytes;
    free(bytes);
    return NULL;
}

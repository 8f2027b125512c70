/* Linked in front of the C library's allocator (-Wl,--wrap): the allocation with the number in
 * FAIL_ALLOCATION, counted from 1 and on through fork(), fails; with FAIL_FROM all after it too.
 * At the end each process appends how many it made to the file ALLOCATIONS names. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long count;

static long number(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static void tell(void)
{
    const char *path = getenv("ALLOCATIONS");
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    char line[32];

    if (fd < 0)
        return;
    (void)!write(fd, line, (size_t)snprintf(line, sizeof line, "%ld\n", count));
    close(fd);
}

static int fails(void)
{
    count++;
    tell();
    return count == number("FAIL_ALLOCATION") ||
           (number("FAIL_FROM") > 0 && count >= number("FAIL_FROM"));
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

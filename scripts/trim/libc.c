/*
 * In the place of a static libc's own, in the shim's link alone: what is asked of these functions
 * here is a part of what they can do, and the rest (floating-point numbers, locales, threads) is a
 * tenth of the program. Compiled without built-ins, so that none of these is made from a call of
 * itself.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#include <curl/mprintf.h>

/* printf() and its kin all end here: libcurl's formatter, which is in the program anyway. */
int vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
{
    return curl_mvfprintf(stream, format, args);
}

/* cJSON reads back what it has printed of a number that is not whole: there are none. */
int sscanf(const char *restrict text, const char *restrict format, ...)
{
    (void)text, (void)format;
    return 0;
}

/* cJSON reads a number, which here is whole. */
double strtod(const char *restrict text, char **restrict end)
{
    const char *at = text;
    double value = 0;
    bool negative = *at == '-';

    for (at += negative; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (*at - '0');
    if (end != NULL)
        *end = (char *)at;
    return negative ? -value : value;
}

/* The resolver asks whether a name is text, and then looks at each byte itself. */
size_t mbstowcs(wchar_t *restrict wide, const char *restrict text, size_t count)
{
    (void)wide, (void)count;
    return strlen(text);
}

/* The resolver sorts a handful of addresses. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    char *first = base;

    for (size_t i = 1; i < count; i++) {
        for (char *at = first + i * size; at > first && compare(at - size, at) > 0; at -= size) {
            for (size_t k = 0; k < size; k++) {
                char byte = at[k];
                at[k] = at[k - size];
                at[k - size] = byte;
            }
        }
    }
}

/*
 * The heap of a process with one thread that lives for seconds: blocks are powers of two, cut from
 * regions that are never given back; large ones are mappings of their own. A freed block waits for
 * the next of its size.
 */
enum { SMALLEST = 5, LARGEST = 14, REGION = 1 << 16 };

struct block {
    _Alignas(16) struct block *next; /* of a free one */
    size_t power;                    /* of two, this head included */
};

static struct block *spare[LARGEST + 1];
static char *region;
static size_t region_left;

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory; /* errno is ENOMEM */
}

static struct block *cut(size_t size)
{
    struct block *block;

    if (region_left < size) {
        region = map(REGION);
        region_left = region != NULL ? REGION : 0;
    }
    if (region_left == 0)
        return NULL;
    block = (struct block *)(void *)region;
    region += size;
    region_left -= size;
    return block;
}

void *malloc(size_t size)
{
    struct block *block;
    size_t power = SMALLEST;

    if (size > PTRDIFF_MAX / 4) {
        errno = ENOMEM;
        return NULL;
    }
    while (((size_t)1 << power) < size + sizeof *block)
        power++;
    if (power > LARGEST) {
        block = map((size_t)1 << power);
    } else if (spare[power] != NULL) {
        block = spare[power];
        spare[power] = block->next;
    } else {
        block = cut((size_t)1 << power);
    }
    if (block == NULL)
        return NULL;
    block->power = power;
    return block + 1;
}

void free(void *memory)
{
    struct block *block = memory;
    int saved = errno;

    if (memory == NULL)
        return;
    block--;
    if (block->power < SMALLEST || block->power >= sizeof(size_t) * 8)
        abort(); /* overwritten */
    if (block->power > LARGEST) {
        munmap(block, (size_t)1 << block->power);
    } else {
        block->next = spare[block->power];
        spare[block->power] = block;
    }
    errno = saved;
}

void *calloc(size_t count, size_t size)
{
    void *memory = NULL;

    if (size != 0 && count > PTRDIFF_MAX / size)
        errno = ENOMEM;
    else
        memory = malloc(count * size);
    return memory == NULL ? NULL : memset(memory, 0, count * size);
}

void *realloc(void *memory, size_t size)
{
    struct block *block = memory;
    size_t room;
    void *longer;

    if (memory == NULL)
        return malloc(size);
    room = ((size_t)1 << block[-1].power) - sizeof *block;
    if (size <= room)
        return memory;
    longer = malloc(size);
    if (longer != NULL) {
        memcpy(longer, memory, room);
        free(memory);
    }
    return longer;
}

/*
 * In the place of a static libc's own, in the shim's link alone: what is asked of these functions
 * here is a part of what they can do, and the rest (floating-point numbers, locales, threads) is a
 * tenth of the program. Compiled without built-ins, so that none of these is made from a call of
 * itself.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

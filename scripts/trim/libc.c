/*
 * In the place of a static libc's own, in the shim's link alone: what is asked of these functions
 * here is a part of what they can do, and the rest (floating-point numbers, locales, threads) is a
 * tenth of the program. Compiled without built-ins, so that none of these is made from a call of
 * itself.
 */
#include <errno.h>
#include <limits.h>
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

/* A whole number, as the resolver and the options write it: no white space before it. */
static unsigned long long read_number(const char *text, char **end, int base,
                                      unsigned long long max)
{
    const char *at = text;
    unsigned long long value = 0;
    bool negative = *at == '-';
    int digit;

    at += negative;
    if (base == 0 && at[0] == '0' && (at[1] | 32) == 'x')
        at += 2, base = 16;
    else if (base == 0)
        base = at[0] == '0' ? 8 : 10;
    for (const char *first = at;; at++) {
        digit = *at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10;
        if (digit < 0 || digit >= base || (*at > '9' && digit < 10)) {
            text = at > first ? at : text;
            break;
        }
        value = value > (max - (unsigned)digit) / (unsigned)base
                    ? max
                    : value * (unsigned)base + (unsigned)digit;
    }
    if (end != NULL)
        *end = (char *)text;
    return negative ? -value : value;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    return (long)read_number(text, end, base, LONG_MAX);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    return (unsigned long)read_number(text, end, base, ULONG_MAX);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return read_number(text, end, base, ULLONG_MAX);
}

/* Those of a hundred errors that can come of starting a program. */
char *strerror(int error)
{
    static char number[sizeof "error 2147483647"];

    switch (error) {
    case E2BIG:
        return "Argument list too long";
    case EACCES:
        return "Permission denied";
    case EAGAIN:
        return "Resource temporarily unavailable";
    case EIO:
        return "I/O error";
    case EISDIR:
        return "Is a directory";
    case ELOOP:
        return "Symbolic link loop";
    case EMFILE:
    case ENFILE:
        return "No file descriptors available";
    case ENAMETOOLONG:
        return "Filename too long";
    case ENOEXEC:
        return "Exec format error";
    case ENOMEM:
        return "Out of memory";
    case ENOTDIR:
        return "Not a directory";
    case EPERM:
        return "Operation not permitted";
    case ETXTBSY:
        return "Text file busy";
    default:
        curl_msnprintf(number, sizeof number, "error %d", error);
        return number;
    }
}

/* In texts of a line. */
char *strstr(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (; strncmp(text, part, len) != 0; text++)
        if (*text == '\0')
            return NULL;
    return (char *)text;
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

/* Windows: in the place of what Zig links in beside Windows' own C library. There, each of these
 * brings floating-point numbers and locales along, a sixth of the program; here nobody asks for
 * them. libcurl's formatter is in the program anyway. */
#include <curl/mprintf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 26 /* bytes, as in cJSON's print_number() */

/* Returns what C99 says: the length that the whole text has. */
int __cdecl __mingw_vsnprintf(char *out, size_t size, const char *format, va_list args)
{
    char *text = curl_mvaprintf(format, args);
    size_t len, part;

    if (text == NULL)
        return -1;
    len = strlen(text);
    part = len < size ? len : size - 1;
    if (size > 0) {
        memcpy(out, text, part);
        out[part] = '\0';
    }
    curl_free(text);
    return (int)len;
}

int __cdecl __mingw_vfprintf(FILE *stream, const char *format, va_list args)
{
    return curl_mvfprintf(stream, format, args);
}

/* cJSON writes numbers with this, into a buffer for the longest of them. */
int __cdecl __mingw_vsprintf(char *out, const char *format, va_list args)
{
    return curl_mvsnprintf(out, NUMBER_MAX, format, args);
}

/* cJSON reads back what it has printed of a number that is not whole: there are none. */
int __cdecl __mingw_vsscanf(const char *text, const char *format, va_list args)
{
    (void)text, (void)format, (void)args;
    return 0;
}

/* cJSON reads a number, which here is whole. */
double __cdecl __mingw_strtod(const char *restrict text, char **restrict end)
{
    return (double)strtol(text, end, 10);
}

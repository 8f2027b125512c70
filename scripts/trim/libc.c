/*
 * In the place of a libc's own in a static link: printing without floating-point numbers, wide characters and
 * error names, by the formatter that libcurl carries anyway; and no reading back of numbers, which cJSON does
 * after it has printed one that is not whole.
 */
#include <stdarg.h>
#include <stdio.h>

#include <curl/mprintf.h>

int vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
{
    return curl_mvfprintf(stream, format, args);
}

int sscanf(const char *restrict text, const char *restrict format, ...)
{
    (void)text, (void)format;
    return 0;
}

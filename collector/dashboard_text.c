#include "dashboard_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dashboard_text_release(struct dashboard_text *text)
{
    free(text->data);
    *text = (struct dashboard_text){.data = NULL};
}

static bool make_room(struct dashboard_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (text->size - text->len > more)
        return true;
    size_t size = text->size ? text->size : 16384;
    while (size - text->len <= more && size <= DASHBOARD_TEXT_MAX)
        size *= 2;
    char *data = size <= DASHBOARD_TEXT_MAX ? realloc(text->data, size) : NULL;
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

static void append(struct dashboard_text *text, const char *bytes, size_t len)
{
    if (!make_room(text, len))
        return;
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void dashboard_put(struct dashboard_text *text, const char *html)
{
    append(text, html, strlen(html));
}

void dashboard_putf(struct dashboard_text *text, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        text->failed = true;
    else
        append(text, line, (size_t)n);
}

void dashboard_escape(struct dashboard_text *text, const char *value)
{
    for (const char *c = value; *c; c++) {
        switch (*c) {
        case '&':
            dashboard_put(text, "&amp;");
            break;
        case '<':
            dashboard_put(text, "&lt;");
            break;
        case '>':
            dashboard_put(text, "&gt;");
            break;
        case '"':
            dashboard_put(text, "&quot;");
            break;
        default:
            append(text, c, 1);
        }
    }
}

void dashboard_url(struct dashboard_text *text, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-._~", *c))
            append(text, c, 1);
        else
            dashboard_putf(text, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

void dashboard_number(struct dashboard_text *text, uint64_t number)
{
    if (number >= 1000) {
        dashboard_number(text, number / 1000);
        dashboard_putf(text, ",%03" PRIu64, number % 1000);
    } else {
        dashboard_putf(text, "%" PRIu64, number);
    }
}

void dashboard_share(struct dashboard_text *text, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        dashboard_put(text, "–");
        return;
    }
    double share = 100.0 * (double)part / (double)whole;
    if (part > 0 && share < 0.05)
        dashboard_put(text, "&lt;0.1%");
    else
        dashboard_putf(text, part > 0 && share < 9.95 ? "%.1f%%" : "%.0f%%", share);
}

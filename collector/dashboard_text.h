/* The text of a page while it is made: grows up to a limit, escapes what it did not write itself.
 */
#ifndef FOOTFALL_DASHBOARD_TEXT_H
#define FOOTFALL_DASHBOARD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DASHBOARD_TEXT_MAX (8u * 1024 * 1024) /* bytes of a page */

struct dashboard_text {
    char *data;
    size_t len, size;
    bool failed; /* no memory, or over the limit; checked once, at the end */
};

void dashboard_text_release(struct dashboard_text *text);

/* HTML as it stands. */
void dashboard_put(struct dashboard_text *text, const char *html);

/* HTML by a format. Whatever is not a number must be known to hold no markup. */
void dashboard_putf(struct dashboard_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Text that may hold anything, for an element's content or an attribute in double quotes. */
void dashboard_escape(struct dashboard_text *text, const char *value);

/* A value of a URL's query, percent-encoded. */
void dashboard_url(struct dashboard_text *text, const char *value);

/* 12,345 */
void dashboard_number(struct dashboard_text *text, uint64_t number);

/* The share of a whole: 3.2%, 41%; an en dash where there is no whole. */
void dashboard_share(struct dashboard_text *text, uint64_t part, uint64_t whole);

#endif

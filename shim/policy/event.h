/* The install event: what its members are, which values they may hold, how it looks on the wire.
 *
 * The table behind it is made from shim/spec/event.tsv; the shim cleans and encodes with it, the
 * collector checks with it and publishes it. */
#ifndef FOOTFALL_EVENT_H
#define FOOTFALL_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#define EVENT_VALUE_MAX 64   /* bytes in the longest value any member may hold */
#define EVENT_JSON_MAX  1024 /* bytes an encoded event needs at most, with its NUL */

enum event_member {
#define X(id, ...) EVENT_##id,
#include "event_table.h"
#undef X
    EVENT_MEMBERS
};

enum event_kind {
    EVENT_KIND_SET,   /* one of a closed set of words */
    EVENT_KIND_WORD,  /* any text of [A-Za-z0-9._+-] */
    EVENT_KIND_UUID4, /* a lower-case UUID, version 4 */
};

struct event_field {
    const char *name;
    enum event_kind kind;
    size_t max; /* bytes */
    const char *example;
    const char *description;
    const char *const *allowed; /* EVENT_KIND_SET: the words, ends with NULL; else just NULL */
};

extern const struct event_field event_fields[EVENT_MEMBERS];

struct event {
    char value[EVENT_MEMBERS][EVENT_VALUE_MAX + 1];
};

/* The member of that name, or EVENT_MEMBERS where there is none. */
enum event_member event_member_named(const char *name, size_t len);

/* Cleans text into a value that the member may hold: bytes outside the alphabet are dropped, the
 * rest is cut at the limit, nothing left becomes "unknown". A word outside a closed set becomes
 * "other" where the set has it. */
void event_set(struct event *event, enum event_member member, const char *text);

/* True when the member may hold exactly these bytes. */
bool event_value_ok(enum event_member member, const char *value, size_t len);

/* Writes the event as the one JSON object that is sent, without white space, and returns its
 * length in bytes; 0 when size is too small. Values that did not come from event_set() must have
 * passed event_value_ok(). */
size_t event_encode(const struct event *event, char *out, size_t size);

#endif

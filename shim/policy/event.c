#include "event.h"

#include <string.h>

#include "cid.h"

/* None of these needs an escape in JSON, which is why event_encode() has none. */
static bool is_value_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '+' || c == '-';
}

#define X(id, name, kind, max, example, description, ...)                                          \
    [EVENT_##id] = {name, kind, max, example, description, (const char *const[]){__VA_ARGS__}},
const struct event_field event_fields[EVENT_MEMBERS] = {
#include "event_table.h"
};
#undef X

enum event_member event_member_named(const char *name, size_t len)
{
    enum event_member m;
    for (m = 0; m < EVENT_MEMBERS; m++)
        if (strlen(event_fields[m].name) == len && memcmp(event_fields[m].name, name, len) == 0)
            break;
    return m;
}

static bool in_set(const char *const *allowed, const char *value, size_t len)
{
    for (; *allowed != NULL; allowed++)
        if (strlen(*allowed) == len && memcmp(*allowed, value, len) == 0)
            return true;
    return false;
}

void event_set(struct event *event, enum event_member member, const char *text)
{
    const struct event_field *field = &event_fields[member];
    char *out = event->value[member];
    size_t len = 0;

    for (; *text != '\0' && len < field->max; text++)
        if (is_value_byte(*text))
            out[len++] = *text;
    out[len] = '\0';

    if (field->kind == EVENT_KIND_SET && !in_set(field->allowed, out, len))
        memcpy(out, "other", sizeof "other");
    else if (len == 0)
        memcpy(out, "unknown", sizeof "unknown");
}

bool event_value_ok(enum event_member member, const char *value, size_t len)
{
    const struct event_field *field = &event_fields[member];

    if (len == 0 || len > field->max)
        return false;
    switch (field->kind) {
    case EVENT_KIND_SET:
        return in_set(field->allowed, value, len);
    case EVENT_KIND_UUID4:
        return cid_is_canonical(value, len);
    case EVENT_KIND_WORD:
        break;
    }
    for (size_t i = 0; i < len; i++)
        if (!is_value_byte(value[i]))
            return false;
    return true;
}

/* Appends to out and keeps room for a NUL; returns false, for good, once it did not fit. */
struct sink {
    char *out;
    size_t size, len;
    bool full;
};

static void put(struct sink *sink, const char *text)
{
    size_t n = strlen(text);
    if (sink->full || n >= sink->size - sink->len) {
        sink->full = true;
        return;
    }
    memcpy(sink->out + sink->len, text, n + 1);
    sink->len += n;
}

size_t event_encode(const struct event *event, char *out, size_t size)
{
    struct sink sink = {.out = out, .size = size, .full = size == 0};

    for (enum event_member m = 0; m < EVENT_MEMBERS; m++) {
        put(&sink, m == 0 ? "{\"" : ",\"");
        put(&sink, event_fields[m].name);
        put(&sink, "\":\"");
        put(&sink, event->value[m]);
        put(&sink, "\"");
    }
    put(&sink, "}");
    return sink.full ? 0 : sink.len;
}

#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static atomic_bool as_json;
static const char *const level_names[] = {"info", "warn", "error"};

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

void log_as_json(bool json)
{
    atomic_store(&as_json, json);
}

/* Keeps a byte free for the newline. */
static void put(struct line *line, const char *text)
{
    size_t room = sizeof line->text - 1 - line->len, n = strlen(text);
    if (n > room)
        n = room;
    memcpy(line->text + line->len, text, n);
    line->len += n;
}

/* One line stays one line: control bytes become spaces, and quotes are escaped in JSON. */
static void put_value(struct line *line, const char *value, bool json)
{
    for (; *value != '\0'; value++) {
        char c[3] = {*value, '\0', '\0'};
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            c[0] = ' ';
        else if (json && (*value == '"' || *value == '\\')) {
            c[0] = '\\';
            c[1] = *value;
        }
        put(line, c);
    }
}

static void put_pair(struct line *line, const char *key, const char *value, bool json)
{
    put(line, json ? ",\"" : " ");
    put(line, key);
    put(line, json ? "\":\"" : "=");
    put_value(line, value, json);
    put(line, json ? "\"" : "");
}

void log_line(enum log_level level, const char *message, ...)
{
    struct line line = {.len = 0};
    bool json = atomic_load(&as_json);
    char when[32];
    struct tm utc;
    time_t now = time(NULL);
    const char *key;
    va_list pairs;
    ssize_t written;

    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (json) {
        put(&line, "{\"time\":\"");
        put(&line, when);
        put(&line, "\"");
        put_pair(&line, "level", level_names[level], true);
        put_pair(&line, "message", message, true);
    } else {
        put(&line, when);
        put(&line, " ");
        put(&line, level_names[level]);
        put(&line, ": ");
        put_value(&line, message, false);
    }
    va_start(pairs, message);
    while ((key = va_arg(pairs, const char *)) != NULL)
        put_pair(&line, key, va_arg(pairs, const char *), json);
    va_end(pairs);
    put(&line, json ? "}" : "");
    line.text[line.len++] = '\n';
    written = write(STDERR_FILENO, line.text, line.len);
    (void)written; /* nobody is left to tell */
}

/* load FILE [APP]: puts events from the standard input into a store, as if they had come in at
 * their times.
 *
 * A line is what seed.py prints: seconds since 1970, then the members in their order, with tabs.
 * The events of an hour make one batch. They belong to the app "default" unless another is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define BATCH_MAX   8192
#define PATIENCE_MS 5000

struct batch {
    struct event event[BATCH_MAX];
    struct store_event entry[BATCH_MAX];
    size_t count;
    int64_t when;
    const char *app;
};

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "load: %s: %s\n", what, detail);
    exit(1);
}

static void flush(struct store *store, struct batch *batch)
{
    if (batch->count == 0)
        return;
    if (store_append(store, batch->when, batch->entry, batch->count, 10000) != STORE_OK)
        die("cannot store", store_message(store));
    batch->count = 0;
}

static void parse(char *line, int64_t *when, struct event *event)
{
    char *rest = line;
    char *field = strsep(&rest, "\t\n");

    *when = strtoll(field, NULL, 10);
    for (int i = 0; i < EVENT_MEMBERS; i++) {
        field = strsep(&rest, "\t\n");
        if (!field || !event_value_ok((enum event_member)i, field, strlen(field)))
            die("not a value", event_fields[i].name);
        snprintf(event->value[i], sizeof event->value[i], "%s", field);
    }
}

static void add(struct store *store, struct batch *batch, int64_t when, const struct event *event)
{
    if (batch->count == BATCH_MAX || (batch->count > 0 && when / 3600 != batch->when / 3600))
        flush(store, batch);
    if (batch->count == 0)
        batch->when = when;
    batch->event[batch->count] = *event;
    batch->entry[batch->count] =
        (struct store_event){.event = &batch->event[batch->count], .app = batch->app};
    batch->count++;
}

int main(int argc, char **argv)
{
    struct store_options options = {.file = argc == 2 || argc == 3 ? argv[1] : NULL,
                                    .busy_ms = 5000};
    struct store *store;
    char message[STORE_ERROR_MAX], line[1024];
    struct batch *batch = calloc(1, sizeof *batch);
    struct event event;
    int64_t when;

    if (!batch || !options.file)
        die("usage", "load FILE [APP] <events");
    batch->app = argc == 3 ? argv[2] : "default";
    if (store_open(&options, &store, message) != STORE_OK)
        die("cannot open the store", message);
    while (fgets(line, sizeof line, stdin)) {
        parse(line, &when, &event);
        add(store, batch, when, &event);
    }
    flush(store, batch);
    store_close(store);
    free(batch);
    return 0;
}

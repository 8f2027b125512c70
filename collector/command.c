#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "exit_status.h"
#include "keeper.h"
#include "stats.h"

#define SWEEP_MS 10000 /* for others who read the store */

static int fail(struct store *store, const char *what)
{
    fprintf(stderr, "footfall-collector: %s: %s\n", what, store_message(store));
    return EXIT_STATUS_STORE;
}

int command_backup(struct store *store, const char *file)
{
    if (store_backup(store, file) != STORE_OK)
        return fail(store, "backup failed");
    printf("backup written to %s\n", file);
    return 0;
}

int command_purge(struct store *store, const struct config *config)
{
    uint64_t purged;

    if (keeper_purge(store, config, clock_wall(), false, &purged) != STORE_OK ||
        store_sweep(store, SWEEP_MS) != STORE_OK)
        return fail(store, "purge failed");
    printf("%" PRIu64 " events purged\n", purged);
    return 0;
}

/* No value needs quoting: they hold letters, digits and ._+- only. */
static void csv_row(void *context, const struct store_count *count)
{
    char day[11];

    (void)context;
    stats_day_text(count->day, day);
    printf("%s,%s,%s,%s,%s,%s,%s,%s,%" PRIu64 "\n", day, count->app, count->label, count->os,
           count->arch, count->platform, count->release, count->method, count->events);
}

static void json_row(void *context, const struct store_count *count)
{
    bool *first = context;
    char day[11];

    stats_day_text(count->day, day);
    printf("%s{\"day\":\"%s\",\"app\":\"%s\",\"event_label\":\"%s\",\"os\":\"%s\",\"arch\":\"%s\","
           "\"platform\":\"%s\",\"release\":\"%s\",\"method\":\"%s\",\"events\":%" PRIu64 "}",
           *first ? "[\n" : ",\n", day, count->app, count->label, count->os, count->arch,
           count->platform, count->release, count->method, count->events);
    *first = false;
}

int command_export(struct store *store, bool csv)
{
    struct store_filter all = {.first_day = INT32_MIN, .last_day = INT32_MAX};
    bool first = true;
    enum store_error error;

    if (csv)
        printf("day,app,event_label,os,arch,platform,release,method,events\n");
    error = store_each_count(store, &all, csv ? csv_row : json_row, &first);
    if (!csv)
        printf(first ? "[]\n" : "\n]\n");
    if (error != STORE_OK)
        return fail(store, "export failed");
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "footfall-collector: export failed: standard output cannot be written\n");
        return EXIT_STATUS_SYSTEM;
    }
    return 0;
}

static void print_fault(void *context, const char *text)
{
    (void)context;
    printf("%s\n", text);
}

int command_check(struct store *store)
{
    uint64_t faults;

    if (store_check(store, print_fault, NULL, &faults) != STORE_OK)
        return fail(store, "check failed");
    if (faults > 0) {
        printf("%" PRIu64 " faults; restore a backup\n", faults);
        return EXIT_STATUS_FAULTS;
    }
    printf("ok\n");
    return 0;
}

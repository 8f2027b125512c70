/* footfall forget: erases what is stored under the id, there first and then here, so that a
 * request that failed can be made again. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "facts.h"
#include "http.h"
#include "identity.h"
#include "receipt.h"

/* Puts the id in the place of {cid}. False: it does not fit, or there is no such place. */
static bool fill_in(const char *pattern, const char *cid, char *out, size_t size)
{
    const char *at = strstr(pattern, "{cid}");
    return at != NULL && (size_t)snprintf(out, size, "%.*s%s%s", (int)(at - pattern), pattern, cid,
                                          at + 5) < size;
}

/* Where to ask; the last endpoint that got an event serves when none is named. */
static bool find_url(const struct options *options, const struct place *home, const char *cid,
                     char *out, size_t size)
{
    const char *erase = options->value[OPT_ERASE_ENDPOINT];
    const char *endpoint = options->value[OPT_ENDPOINT];
    struct receipt receipt;
    bool found;

    if (erase != NULL) {
        found = fill_in(erase, cid, out, size);
    } else {
        if (endpoint == NULL && receipt_read(home, &receipt))
            endpoint = receipt.endpoint;
        found =
            endpoint_usable(endpoint_check(endpoint)) && endpoint_erase(endpoint, cid, out, size);
    }
    return found && endpoint_usable(endpoint_check(out));
}

static int ask(const struct options *options, const char *url)
{
    struct job job = {.erase = true, .deadline_ms = options->deadline_ms};
    struct report report;

    snprintf(job.endpoint, sizeof job.endpoint, "%s", url);
    job_find_cacert(&job, options->value[OPT_CACERT]);
    plat_detach(&job, job_report_ms(&job), &report);
    if (report.delivery == DELIVERED) {
        printf("erased at the collector: %s\n", url);
        return STATUS_DONE;
    }
    fprintf(stderr,
            "footfall: not erased: %s: %s; nothing was deleted here, so you can try again\n", url,
            report.detail);
    return report.delivery == REFUSED ? STATUS_REFUSED : STATUS_NOT_DELIVERED;
}

static int forget_here(const struct place *home)
{
    static const char *const files[] = {IDENTITY_FILE, RECEIPT_FILE};
    int status = STATUS_DONE;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (!place_has(home, files[i]))
            continue;
        if (place_remove(home, files[i])) {
            printf("deleted: %s%c%s\n", home->path, plat_separator, files[i]);
        } else {
            fprintf(stderr, "footfall: cannot delete %s%c%s: delete it by hand\n", home->path,
                    plat_separator, files[i]);
            status = STATUS_FAILED;
        }
    }
    return status;
}

/* A program without a network erases what is here, and says whom it could not ask. url: NULL when
 * nothing is known to have been sent. */
static int forget_here_alone(const struct place *home, const char *url)
{
    int status = forget_here(home);

    if (url == NULL) {
        puts("built without telemetry: nothing is known to have been sent, so no collector was "
             "asked");
        return status;
    }
    fprintf(stderr,
            "footfall: not erased at the collector: built without telemetry; "
            "a DELETE request to %s erases it\n",
            url);
    return status == STATUS_DONE ? STATUS_NOT_DELIVERED : status;
}

static int forget(const struct options *options, struct place *home)
{
    bool named = options->value[OPT_ENDPOINT] != NULL || options->value[OPT_ERASE_ENDPOINT] != NULL;
    char cid[CID_LEN + 1], url[ENDPOINT_MAX + CID_LEN];
    bool found;
    int status;

    if (!identity_read(home, cid)) {
        printf("nothing to forget: there is no id in %s\n",
               home->path[0] != '\0' ? home->path : "this home");
        return forget_here(home);
    }
    found = find_url(options, home, cid, url, sizeof url);
    if (!found && (http_built_in || named)) {
        fprintf(
            stderr,
            "footfall: where to? name the collector with --endpoint URL (https), or its erasure "
            "address with --erase-endpoint URL, {cid} standing for the id\n");
        return STATUS_USAGE;
    }
    if (!http_built_in)
        return forget_here_alone(home, found ? url : NULL);
    status = ask(options, url);
    return status == STATUS_DONE ? forget_here(home) : status;
}

static int run(struct options *options)
{
    struct place home;
    int status;

    place_open(&home, PLACE_HOME, options->value[OPT_APP]);
    status = forget(options, &home);
    place_close(&home);
    return status;
}

const struct command cmd_forget = {
    "forget",
    COMMAND_FORGET,
    "--app NAME [--endpoint URL] [OPTION...]",
    "erase everything under the id, at the collector and here",
    run,
};

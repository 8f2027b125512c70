#include "job.h"

#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "http.h"
#include "identity.h"
#include "receipt.h"

void job_find_cacert(struct job *job, const char *named)
{
    /* The environment's way to say --cacert. */
    if (named == NULL)
        named = plat_env("SSL_CERT_FILE");
    if (named != NULL && named[0] != '\0' && !plat_absolute(named, job->cacert))
        snprintf(job->cacert, sizeof job->cacert, "%s", named);
}

static void open_places(struct place places[PLACES], const char *app)
{
    for (int i = 0; i < PLACES; i++)
        place_open(&places[i], (enum place_kind)i, app);
}

static void close_places(struct place places[PLACES])
{
    for (int i = 0; i < PLACES; i++)
        place_close(&places[i]);
}

/* 410: the project has retired this app's telemetry, and asks for no more events. */
static void retire(struct place places[PLACES])
{
    for (int i = 0; i < PLACES; i++)
        if (place_claim(&places[i], RETIRED_FILE) != PLACE_FAILED)
            return;
}

struct departure {
    struct place *home;
    const char *endpoint, *body;
    bool noted;
};

/* From here on the id may be known there, also when nobody lives to see an answer. */
static void note_departure(void *departure)
{
    struct departure *d = departure;

    if (!d->noted)
        receipt_save(d->home, d->endpoint, d->body, 0);
    d->noted = true;
}

static void deliver_event(const struct job *job, const struct http_request *to,
                          struct report *report)
{
    struct event event = job->event;
    struct place places[PLACES];
    char body[EVENT_JSON_MAX];
    struct departure departure = {&places[PLACE_HOME], job->endpoint, body, false};
    struct http_request request = *to;

    request.body = body;
    request.has_left = note_departure;
    request.context = &departure;
    open_places(places, job->app);
    if (identity_get(&places[PLACE_HOME], event.value[EVENT_CID]) &&
        event_encode(&event, body, sizeof body) > 0)
        http_send(&request, report);
    if (report->http_status == 410)
        retire(places);
    if (report->http_status != 0)
        receipt_save(&places[PLACE_HOME], job->endpoint, body, report->http_status);
    plat_report(report);
    once_prune(places);
    close_places(places);
}

void job_deliver(const struct job *job)
{
    struct report report = {.delivery = NOT_DELIVERED};
    struct http_request request = {
        .url = job->endpoint, .cacert = job->cacert, .deadline_ms = job->deadline_ms};

    plat_deadline(job->deadline_ms);
    if (job->erase) {
        http_send(&request, &report);
        plat_report(&report);
    } else {
        deliver_event(job, &request, &report);
    }
    plat_deadline(0);
}

/* What has changed while the installer ran: a switch thrown meanwhile counts. */
static bool still_wanted(const struct job *job, const struct place places[PLACES])
{
    struct gate_environment env = {.app_telemetry = job->choice_overridden ? "1" : NULL};
    struct gate_state state = {.endpoint = ENDPOINT_HTTPS};
    char file[PLAT_PATH_MAX];

    facts_switches(&state, job->app, places, file);
    return gate_check_state(&env, &state) == GATE_OPEN;
}

/* Sleeps until the outcome is stated, or the installer has gone without one. True: the latter,
 * and nobody else has reported it. */
static bool installer_failed(const struct job *job, struct place places[PLACES])
{
    struct plat_bell bell;
    bool failed = false;

    if (!plat_bell_open(&bell, places, job->run))
        return false;
    /* The outcome may have been stated before there was a bell to ring. */
    if (!once_taken(places, job->run, ONCE_OUTCOME))
        failed = plat_watch(&job->watched, &bell, job->watch_limit_ms) == PLAT_GONE;
    plat_bell_close(&bell, places);
    return failed && still_wanted(job, places) &&
           once_claim(places, job->run, ONCE_OUTCOME) == PLACE_PUT;
}

static void watch(const struct job *job)
{
    struct place places[PLACES];
    struct job failure = *job;

    open_places(places, job->app);
    if (installer_failed(job, places)) {
        event_set(&failure.event, EVENT_LABEL, "install_failed");
        job_deliver(&failure);
    }
    close_places(places);
}

void job_run(const struct job *job)
{
    /* The watcher stays small: it is another process that meets TLS. Where none can be made, what
     * has been claimed is delivered, and nobody watches. */
    if (job->watch && plat_spawn_delivery(job))
        watch(job);
    else
        job_deliver(job);
}

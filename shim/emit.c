#include "emit.h"

#include <stdio.h>
#include <string.h>

#include "value.h"

#define CONTAINER_WAIT_MS                                                                          \
    1000 /* the contract's limit for an outcome that would die with its container */

static bool copy(char *out, size_t size, const char *text)
{
    return (size_t)snprintf(out, size, "%s", text != NULL ? text : "") < size;
}

static bool make_job(struct job *job, const struct options *options, const struct draft *draft)
{
    memset(job, 0, sizeof *job);
    job->event = draft->event;
    memcpy(job->run, draft->run, sizeof job->run);
    job->deadline_ms = options->deadline_ms;
    job->watch_limit_ms = options->watch_limit_ms;
    job->watched.handle = -1;
    job_find_cacert(job, options->value[OPT_CACERT]);
    return copy(job->app, sizeof job->app, options->value[OPT_APP]) &&
           copy(job->endpoint, sizeof job->endpoint, options->value[OPT_ENDPOINT]);
}

/* All gates, and last of all the claim, which is the last gate and cannot be asked twice. */
static enum gate pass_gates(const struct options *options, const struct draft *draft,
                            struct place places[PLACES], struct facts *facts, bool *no_place)
{
    enum gate gate;

    facts_environment(facts, options, draft);
    gate = gate_check_environment(&facts->env);
    if (gate != GATE_OPEN)
        return gate;
    for (int i = 0; i < PLACES; i++)
        place_open(&places[i], (enum place_kind)i, options->value[OPT_APP]);
    facts_state(facts, options, draft, places);
    gate = gate_check_state(&facts->env, &facts->state);
    if (gate != GATE_OPEN)
        return gate;
    switch (once_claim(places, draft->run, draft->stage)) {
    case PLACE_PUT:
        return GATE_OPEN;
    case PLACE_TAKEN:
        return GATE_SENT;
    case PLACE_FAILED:
        break;
    }
    *no_place = true;
    return GATE_OPEN;
}

static void send_off(struct job *job, const struct draft *draft, long watch_pid, bool wait_for_it,
                     struct emit_result *result)
{
    unsigned wait_ms = 0;

    if (draft->stage == ONCE_START && watch_pid >= 0)
        job->watch = plat_process_open(&job->watched, watch_pid);
    if (wait_for_it)
        wait_ms = job_report_ms(job);
    else if (draft->stage == ONCE_OUTCOME && plat_dies_with_installer())
        wait_ms = CONTAINER_WAIT_MS;
    if (!plat_detach(job, wait_ms, &result->report) && wait_ms == 0)
        result->report.delivery = DELIVERED; /* as far as a caller that does not wait can know */
    result->emitted = result->report.delivery == DELIVERED ? EMIT_DELIVERED
                      : result->report.delivery == REFUSED ? EMIT_REFUSED
                                                           : EMIT_NOT_DELIVERED;
}

void emit_event(struct options *options, const char *label, long watch_pid, bool wait_for_it,
                struct emit_result *result)
{
    struct place places[PLACES] = {{.folder = -1, .above = -1}, {.folder = -1, .above = -1}};
    struct draft draft;
    struct facts facts;
    struct job job;
    bool no_place = false;

    *result = (struct emit_result){.emitted = EMIT_WRONG_USAGE};
    if (!draft_event(options, label, &draft))
        return;
    result->gate = pass_gates(options, &draft, places, &facts, &no_place);
    /* Sent or not, an outcome has been stated: a watcher has no failure to report. Where the
     * environment says no, no file is touched. */
    if (draft.stage == ONCE_OUTCOME &&
        (result->gate == GATE_OPEN || result->gate >= GATE_DEVELOPER))
        plat_bell_ring(options->value[OPT_APP], draft.run);
    if (result->gate != GATE_OPEN) {
        result->emitted = EMIT_SUPPRESSED;
    } else if (no_place || !make_job(&job, options, &draft)) {
        result->emitted = EMIT_NOT_DELIVERED;
        copy(result->report.detail, sizeof result->report.detail, gate_text(GATE_NO_PLACE));
    } else {
        job.choice_overridden = value_read(facts.env.app_telemetry) == VALUE_TRUE;
        send_off(&job, &draft, watch_pid, wait_for_it, result);
    }
    for (int i = 0; i < PLACES; i++)
        place_close(&places[i]);
}

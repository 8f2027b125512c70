/* Gathers the facts that the gates ask for: the environment first, files only when that says yes.
 */
#ifndef FOOTFALL_FACTS_H
#define FOOTFALL_FACTS_H

#include "gate.h"
#include "job.h"
#include "once.h"
#include "options.h"
#include "plat.h"

#define CHOICE_FILE  "telemetry"
#define RETIRED_FILE "telemetry_retired" /* the collector has answered 410 */

/* What would be sent, whoever decides. */
struct draft {
    struct event event;                /* without the id */
    char release[EVENT_VALUE_MAX + 1]; /* as in the event; of one too long for it, the end */
    enum once_stage stage;
    char run[RUN_NAME_MAX];
};

/* False: the label is no event; options->error says so. */
bool draft_event(struct options *options, const char *label, struct draft *draft);

struct facts {
    struct gate_environment env;
    struct gate_state state;
    /* For explanations: which variable ("CI") and value, or which file, a gate looked at. */
    char app_no_telemetry[APP_VARIABLE_MAX], app_telemetry[APP_VARIABLE_MAX],
        app_dev[APP_VARIABLE_MAX];
    const char *ci_variable; /* the first of spec/ci.txt that is set, or NULL */
    char fleet_file[PLAT_PATH_MAX];
};

void facts_environment(struct facts *facts, const struct options *options,
                       const struct draft *draft);

/* Reads files, creates none. */
void facts_state(struct facts *facts, const struct options *options, const struct draft *draft,
                 const struct place places[PLACES]);

/* The part of it that can change while a watcher sleeps. */
void facts_switches(struct gate_state *state, const char *app, const struct place places[PLACES],
                    char fleet_file[PLAT_PATH_MAX]);

#endif

#include "facts.h"

#include <stdio.h>
#include <string.h>

#include "http.h"
#include "platform.h"

/* In the order of spec/ci.txt; CI itself is read apart, since it can also say no. */
static const char ci_variables[] =
#define X(name) #name "\0"
#include "ci_table.h"
#undef X
    ;

/* The end of a release's name tells a developer's build, also when it is cut off in the event. */
static void keep_end(char out[EVENT_VALUE_MAX + 1], const char *release)
{
    struct event end = {.value = {""}};
    size_t len = strlen(release);

    event_set(&end, EVENT_RELEASE,
              len > EVENT_VALUE_MAX ? release + len - EVENT_VALUE_MAX : release);
    memcpy(out, end.value[EVENT_RELEASE], EVENT_VALUE_MAX + 1);
}

bool draft_event(struct options *options, const char *label, struct draft *draft)
{
    static const char remedy[] = "give install_start, install_complete or install_failed";
    char os[PLAT_NAME_MAX], arch[PLAT_NAME_MAX], platform[PLATFORM_MAX], token[RUN_TOKEN_MAX + 1];
    const char *release = options->value[OPT_RELEASE], *method = options->value[OPT_METHOD];
    const char *run = options->value[OPT_RUN];
    struct event *event = &draft->event;

    if (label == NULL || !event_value_ok(EVENT_LABEL, label, strlen(label))) {
        snprintf(options->error, sizeof options->error, "%s%.40s: %s",
                 label == NULL ? "the event is missing" : "no such event: ",
                 label == NULL ? "" : label, remedy);
        return false;
    }
    plat_os(os);
    plat_arch(arch);
    platform_name(os, arch, platform);
    memset(draft, 0, sizeof *draft);
    event_set(event, EVENT_LABEL, label);
    event_set(event, EVENT_OS, os);
    event_set(event, EVENT_ARCH, arch);
    event_set(event, EVENT_PLATFORM,
              options->value[OPT_PLATFORM] != NULL ? options->value[OPT_PLATFORM] : platform);
    event_set(event, EVENT_RELEASE, release != NULL ? release : "");
    keep_end(draft->release, release != NULL ? release : "");
    event_set(event, EVENT_METHOD, method != NULL ? method : "other");
    draft->stage = strcmp(label, "install_start") == 0 ? ONCE_START : ONCE_OUTCOME;
    if (run == NULL && plat_parent_token(token, sizeof token))
        run = token;
    once_name(options->value[OPT_APP], run != NULL ? run : "", draft->run);
    return true;
}

static const char *first_ci_variable(void)
{
    for (const char *name = ci_variables; *name != '\0'; name += strlen(name) + 1) {
        const char *value = plat_env(name);
        if (strcmp(name, "CI") != 0 && value != NULL && value[0] != '\0')
            return name;
    }
    return NULL;
}

void facts_environment(struct facts *facts, const struct options *options,
                       const struct draft *draft)
{
    const char *app = options->value[OPT_APP];

    memset(facts, 0, sizeof *facts);
    app_variable(app, "NO_TELEMETRY", facts->app_no_telemetry);
    app_variable(app, "TELEMETRY", facts->app_telemetry);
    app_variable(app, "DEV", facts->app_dev);
    facts->ci_variable = first_ci_variable();
    facts->env = (struct gate_environment){
        .built_without = !http_built_in,
        .no_telemetry = option_on(options, OPT_NO_TELEMETRY),
        .do_not_track = plat_env("DO_NOT_TRACK"),
        .no_telemetry_all = plat_env("NO_TELEMETRY"),
        .app_no_telemetry = plat_env(facts->app_no_telemetry),
        .app_telemetry = plat_env(facts->app_telemetry),
        .ci = plat_env("CI"),
        .ci_marker = facts->ci_variable != NULL,
        .allow_ci = option_on(options, OPT_ALLOW_CI),
        .app_dev = plat_env(facts->app_dev),
        .release = draft->release,
    };
}

void facts_switches(struct gate_state *state, const char *app, const struct place places[PLACES],
                    char fleet_file[PLAT_PATH_MAX])
{
    unsigned char word[64];
    size_t len = sizeof word;

    for (size_t n = 0; !state->fleet_off && plat_fleet_file(n, app, fleet_file); n++)
        state->fleet_off = plat_exists(fleet_file);
    switch (place_get(&places[PLACE_HOME], CHOICE_FILE, word, &len)) {
    case PLACE_READ:
        state->choice = gate_read_choice(word, len);
        break;
    case PLACE_ABSENT:
        state->choice = CHOICE_NONE;
        break;
    case PLACE_REFUSED:
        state->choice = CHOICE_OFF;
        break;
    }
    for (int i = 0; i < PLACES; i++)
        state->retired = state->retired || place_has(&places[i], RETIRED_FILE);
}

void facts_state(struct facts *facts, const struct options *options, const struct draft *draft,
                 const struct place places[PLACES])
{
    facts->state = (struct gate_state){
        .needs_consent = option_on(options, OPT_CONSENT),
        .endpoint = endpoint_check(options->value[OPT_ENDPOINT]),
    };
    facts_switches(&facts->state, options->value[OPT_APP], places, facts->fleet_file);
    facts->state.sent = once_taken(places, draft->run, draft->stage);
}

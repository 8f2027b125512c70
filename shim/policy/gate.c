#include "gate.h"

#include <string.h>

#include "value.h"

/* An opt-out variable stops the event unless it is unset or a known word for no. */
static bool opts_out(const char *text)
{
    enum value v = value_read(text);
    return v == VALUE_TRUE || v == VALUE_ODD;
}

/* An opt-in variable stops the event unless it is unset or a known word for yes. */
static bool declines(const char *text)
{
    enum value v = value_read(text);
    return v == VALUE_FALSE || v == VALUE_ODD;
}

static bool stopped_by_ci(const struct gate_environment *env)
{
    enum value ci = value_read(env->ci);

    if (env->allow_ci || ci == VALUE_FALSE)
        return false;
    return ci != VALUE_NONE || env->ci_marker;
}

static bool is_development_release(const char *release)
{
    size_t len = strlen(release);
    static const char dirty[] = "-dirty";
    const size_t tail = sizeof dirty - 1;

    return strcmp(release, "dev") == 0 || strcmp(release, "0.0.0-dev") == 0 ||
           (len >= tail && strcmp(release + len - tail, dirty) == 0);
}

enum gate gate_check_environment(const struct gate_environment *env)
{
    if (env->built_without)
        return GATE_BUILT_WITHOUT;
    if (env->no_telemetry)
        return GATE_FLAG;
    if (opts_out(env->do_not_track))
        return GATE_DO_NOT_TRACK;
    if (opts_out(env->no_telemetry_all))
        return GATE_NO_TELEMETRY;
    if (opts_out(env->app_no_telemetry))
        return GATE_APP_NO_TELEMETRY;
    if (declines(env->app_telemetry))
        return GATE_APP_TELEMETRY;
    if (stopped_by_ci(env))
        return GATE_CI;
    if (opts_out(env->app_dev) || is_development_release(env->release))
        return GATE_DEVELOPER;
    return GATE_OPEN;
}

enum gate gate_check_state(const struct gate_environment *env, const struct gate_state *state)
{
    if (state->fleet_off)
        return GATE_FLEET;
    if (state->choice == CHOICE_OFF && value_read(env->app_telemetry) != VALUE_TRUE)
        return GATE_CHOICE;
    if (state->needs_consent && state->choice != CHOICE_ON)
        return GATE_CONSENT;
    if (!endpoint_usable(state->endpoint))
        return GATE_ENDPOINT;
    if (state->retired)
        return GATE_RETIRED;
    if (state->sent)
        return GATE_SENT;
    return GATE_OPEN;
}

enum choice gate_read_choice(const unsigned char *bytes, size_t len)
{
    char word[16];
    size_t n = 0;

    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    /* Zero bytes are the halves of UTF-16, which PowerShell 5.1 writes, and its mark is no word. */
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == 0 || bytes[i] == 0xff || bytes[i] == 0xfe)
            continue;
        if (n == sizeof word - 1)
            return CHOICE_OFF;
        word[n++] = (char)bytes[i];
    }
    word[n] = '\0';
    return value_read(word) == VALUE_TRUE ? CHOICE_ON : CHOICE_OFF;
}

static const struct {
    const char *name, *text;
} gates[GATES] = {
    [GATE_OPEN] = {"none", "nothing stops the event"},
    [GATE_BUILT_WITHOUT] = {"built-without-telemetry", "built without telemetry"},
    [GATE_FLAG] = {"no-telemetry-flag",
                   "--no-telemetry was given, or FOOTFALL_NO_TELEMETRY is set"},
    [GATE_DO_NOT_TRACK] = {"do-not-track", "DO_NOT_TRACK is set"},
    [GATE_NO_TELEMETRY] = {"no-telemetry", "NO_TELEMETRY is set"},
    [GATE_APP_NO_TELEMETRY] = {"app-no-telemetry", "the app's own opt-out variable is set"},
    [GATE_APP_TELEMETRY] = {"app-telemetry", "the app's telemetry variable says no"},
    [GATE_CI] = {"ci", "this is continuous integration"},
    [GATE_DEVELOPER] = {"developer", "this is a developer's own build"},
    [GATE_FLEET] = {"fleet", "this machine's administrator has switched telemetry off"},
    [GATE_CHOICE] = {"choice", "telemetry is switched off for this user"},
    [GATE_CONSENT] = {"consent", "consent has not been given"},
    [GATE_ENDPOINT] = {"endpoint",
                       "there is no usable endpoint (https, or plain http to loopback)"},
    [GATE_RETIRED] = {"retired", "the collector has said that this app is retired"},
    [GATE_SENT] = {"sent", "this run has stated this already"},
    [GATE_NO_PLACE] = {"no-place",
                       "no place to remember that this run was counted: neither home nor "
                       "the temporary folder can be written to"},
};

const char *gate_name(enum gate gate)
{
    return gates[gate].name;
}

const char *gate_text(enum gate gate)
{
    return gates[gate].text;
}

#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "nearest.h"
#include "plat.h"
#include "value.h"

#define E COMMAND_EMIT
#define R COMMAND_RUN
#define X COMMAND_EXPLAIN
#define I COMMAND_ID
#define F COMMAND_FORGET
#define C COMMAND_CHOICE
const struct option_spec option_specs[OPTIONS] = {
#define OPTION(id, name, metavar, variable, commands, help)                                        \
    [OPT_##id] = {name, metavar, variable, commands, help},
#include "options.def"
#undef OPTION
};
#undef E
#undef R
#undef X
#undef I
#undef F
#undef C

static bool wrong(struct options *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(o->error, sizeof o->error, format, args);
    va_end(args);
    return false;
}

static enum option find_option(const char *name, size_t len, unsigned command)
{
    enum option i;
    for (i = 0; i < OPTIONS; i++)
        if ((option_specs[i].commands & command) != 0 && strlen(option_specs[i].name) == len &&
            memcmp(option_specs[i].name, name, len) == 0)
            break;
    return i;
}

static bool unknown_option(struct options *o, const char *arg, size_t len, unsigned command)
{
    const char *names[OPTIONS + 1];
    const char *near;
    size_t n = 0;

    for (enum option i = 0; i < OPTIONS; i++)
        if ((option_specs[i].commands & command) != 0)
            names[n++] = option_specs[i].name;
    names[n] = NULL;
    near = nearest_word(arg + 2, len - 2, names);
    len = len < 60 ? len : 60;
    if (near == NULL)
        return wrong(o, "unknown option %.*s; see --help", (int)len, arg);
    return wrong(o, "unknown option %.*s; did you mean --%s?", (int)len, arg, near);
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Takes args[*at], and the word after it where the option wants one. */
static bool take_option(struct options *o, unsigned command, char **args, size_t *at)
{
    const char *arg = args[*at];
    const char *equals = strchr(arg, '=');
    size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
    enum option id = len > 2 ? find_option(arg + 2, len - 2, command) : OPTIONS;
    const char *next = args[*at + 1];

    if (id == OPTIONS)
        return unknown_option(o, arg, len, command);
    if (option_specs[id].metavar == NULL) {
        if (equals != NULL)
            return wrong(o, "--%s takes no value; leave out %.60s", option_specs[id].name, equals);
        o->value[id] = "";
    } else if (equals != NULL) {
        o->value[id] = equals + 1;
    } else if (id == OPT_WATCH) {
        /* --watch "$PID" with nothing in it names nobody. */
        bool has_pid = next != NULL && (next[0] == '\0' || is_number(next));
        o->value[id] = has_pid ? next : "";
        *at += has_pid;
    } else if (next == NULL) {
        return wrong(o, "--%s needs a value: --%s %s", option_specs[id].name, option_specs[id].name,
                     option_specs[id].metavar);
    } else {
        o->value[id] = next;
        *at += 1;
    }
    return true;
}

static bool take_args(struct options *o, unsigned command, char **args)
{
    for (size_t i = 0; args[i] != NULL; i++) {
        if (strcmp(args[i], "--") == 0 && command == COMMAND_RUN) {
            o->command = args + i + 1;
            return true;
        }
        if (strcmp(args[i], "-h") == 0) {
            o->value[OPT_HELP] = "";
        } else if (args[i][0] == '-') {
            if (!take_option(o, command, args, &i))
                return false;
        } else if (o->event == NULL && (command == COMMAND_EMIT || command == COMMAND_EXPLAIN)) {
            o->event = args[i];
        } else if (command == COMMAND_RUN) {
            return wrong(o, "put -- before the command: footfall run [...] -- %.60s", args[i]);
        } else {
            return wrong(o, "%.60s is one word too many; see --help", args[i]);
        }
    }
    return true;
}

/* A switch in the environment is on by a known word for yes; the opt-out also by doubt. */
static bool variable_on(enum option id, const char *text)
{
    enum value v = value_read(text);
    return v == VALUE_TRUE || (id == OPT_NO_TELEMETRY && v == VALUE_ODD);
}

static void take_environment(struct options *o, unsigned command)
{
    for (enum option i = 0; i < OPTIONS; i++) {
        const char *text;
        if (option_specs[i].variable == NULL || (option_specs[i].commands & command) == 0)
            continue;
        text = plat_env(option_specs[i].variable);
        if (text == NULL || text[0] == '\0')
            continue;
        /* A smoke test redirects an unchanged installer: for the endpoint the variable wins. */
        if (o->value[i] != NULL && i != OPT_ENDPOINT)
            continue;
        if (option_specs[i].metavar == NULL && !variable_on(i, text))
            continue;
        o->value[i] = option_specs[i].metavar != NULL ? text : "";
        o->from_environment[i] = true;
    }
}

/* Seconds with up to three decimals, to milliseconds. */
static bool read_seconds(const char *text, unsigned *ms, unsigned max_s)
{
    unsigned long whole = 0, fraction = 0, scale = 1000;
    size_t i = 0;

    for (; text[i] >= '0' && text[i] <= '9' && i < 9; i++)
        whole = whole * 10 + (unsigned long)(text[i] - '0');
    if (i == 0)
        return false;
    if (text[i] == '.')
        for (i++; text[i] >= '0' && text[i] <= '9' && scale > 1; i++) {
            scale /= 10;
            fraction += (unsigned long)(text[i] - '0') * scale;
        }
    if (text[i] != '\0' || whole > max_s || whole * 1000 + fraction == 0)
        return false;
    *ms = (unsigned)(whole * 1000 + fraction);
    return true;
}

static bool read_pid(const char *text, long *pid)
{
    *pid = 0;
    if (!is_number(text) || strlen(text) > 9)
        return false;
    for (; *text != '\0'; text++)
        *pid = *pid * 10 + (*text - '0');
    return *pid > 0;
}

static bool check_times(struct options *o)
{
    const char *deadline = o->value[OPT_DEADLINE], *limit = o->value[OPT_WATCH_LIMIT];
    const char *watch = o->value[OPT_WATCH];

    o->deadline_ms = 5000;
    o->watch_limit_ms = 3600 * 1000;
    if (deadline != NULL && !read_seconds(deadline, &o->deadline_ms, 60))
        return wrong(o, "--deadline %.40s: give seconds, more than 0 and at most 60", deadline);
    if (limit != NULL && !read_seconds(limit, &o->watch_limit_ms, 86400))
        return wrong(o, "--watch-limit %.40s: give seconds, more than 0 and at most 86400", limit);
    if (watch != NULL && watch[0] != '\0' && !read_pid(watch, &o->watch_pid))
        return wrong(o, "--watch %.40s: give the number of a process", watch);
    return true;
}

static bool check_words(struct options *o)
{
    const char *app = o->value[OPT_APP], *run = o->value[OPT_RUN];
    const char *consent = o->value[OPT_CONSENT];

    if (app == NULL)
        return wrong(o, "--app NAME is missing (or set FOOTFALL_APP)");
    if (!app_name_ok(app))
        return wrong(
            o,
            "--app %.70s: a name is lower-case letters, digits and -, begins with a letter or "
            "digit and has at most %d bytes",
            app, APP_NAME_MAX);
    if (run != NULL && strlen(run) > RUN_TOKEN_MAX)
        return wrong(o, "--run %.20s...: a token has at most %d bytes", run, RUN_TOKEN_MAX);
    if (consent != NULL && strcmp(consent, "opt-in") != 0)
        return wrong(o, "--consent %.40s: the only value is opt-in", consent);
    return true;
}

/* Who wraps a command answers for the options; the environment is the user's, and what nobody can
 * interpret there is an opt-out and no reason not to run the command. */
static void drop_environment(struct options *o)
{
    for (enum option i = 0; i < OPTIONS; i++)
        if (o->from_environment[i] && i != OPT_APP)
            o->value[i] = NULL;
    o->value[OPT_NO_TELEMETRY] = "";
}

bool options_read(struct options *o, enum command_set command, char **args)
{
    *o = (struct options){.event = NULL};
    if (!take_args(o, command, args))
        return false;
    if (option_on(o, OPT_HELP))
        return true;
    take_environment(o, command);
    if (o->value[OPT_RUN] != NULL && o->value[OPT_RUN][0] == '\0')
        o->value[OPT_RUN] = NULL; /* --run "$TOKEN" with nothing in it names no run */
    if (check_words(o) && check_times(o))
        return true;
    if (command != COMMAND_RUN)
        return false;
    drop_environment(o);
    return check_words(o) && check_times(o);
}

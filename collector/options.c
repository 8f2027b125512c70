#include "options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"

const char options_usage[] =
    "usage: footfall-collector [OPTION...]            receive events\n"
    "       footfall-collector [OPTION...] backup FILE     copy the store while it is in use\n"
    "       footfall-collector [OPTION...] purge           delete raw events past retention now\n"
    "       footfall-collector [OPTION...] export --csv    daily counts, without ids (or --json)\n"
    "       footfall-collector [OPTION...] check           structure, and counts against raw events\n"
    "\n"
    "  --config FILE        configuration; every key: footfall-collector.conf(5)\n"
    "  --listen ADDR:PORT   port 0 picks a free one (127.0.0.1:8377)\n"
    "  --db FILE            the store (footfall.db)\n"
    "  --rate-limit N       events a minute from one address (60), 0 = no limits\n"
    "  --help, --version\n";

static const struct {
    const char *name;
    enum options_command command;
} commands[] = {
    {"backup", OPTIONS_BACKUP},
    {"purge", OPTIONS_PURGE},
    {"export", OPTIONS_EXPORT},
    {"check", OPTIONS_CHECK},
};

static const struct {
    const char *name;
    size_t offset;
} with_value[] = {
    {"--config", offsetof(struct options, config)},
    {"--listen", offsetof(struct options, listen)},
    {"--db", offsetof(struct options, db)},
    {"--rate-limit", offsetof(struct options, rate_limit)},
};

static bool fail_unknown(const char *word, char message[CONFIG_MESSAGE_MAX])
{
    static const char *const words[] = {
        "--config",  "--listen", "--db",  "--rate-limit", "--csv", "--json", "--help",
        "--version", "backup",   "purge", "export",       "check", NULL};
    const char *near = nearest_word(word, strlen(word), words);

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(word, commands[i].name) == 0) {
            snprintf(message, CONFIG_MESSAGE_MAX, "second command \"%s\"; give one at a time",
                     word);
            return false;
        }
    if (near != NULL)
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "unknown argument \"%.64s\"; did you mean \"%s\"? See --help", word, near);
    else
        snprintf(message, CONFIG_MESSAGE_MAX, "unknown argument \"%.64s\"; see --help", word);
    return false;
}

/* "--name value" or "--name=value"; 0 = not this option, -1 = its value is missing. */
static int take_value(struct options *options, int argc, char **argv, int at,
                      char message[CONFIG_MESSAGE_MAX])
{
    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++) {
        size_t len = strlen(with_value[i].name);
        const char **value = (const char **)((char *)options + with_value[i].offset);

        if (strncmp(argv[at], with_value[i].name, len) != 0)
            continue;
        if (argv[at][len] == '=') {
            *value = argv[at] + len + 1;
            return 1;
        }
        if (argv[at][len] != '\0')
            continue;
        if (at + 1 < argc) {
            *value = argv[at + 1];
            return 2;
        }
        snprintf(message, CONFIG_MESSAGE_MAX, "%s needs a value; see --help", with_value[i].name);
        return -1;
    }
    return 0;
}

static bool take_flag(struct options *options, const char *word, bool *form)
{
    if (strcmp(word, "--csv") == 0 || strcmp(word, "--json") == 0) {
        options->csv = word[2] == 'c';
        *form = true;
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        options->command = OPTIONS_HELP;
    else if (strcmp(word, "--version") == 0)
        options->command = OPTIONS_VERSION;
    else
        return false;
    return true;
}

static bool take_command(struct options *options, const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (options->command == OPTIONS_SERVE && strcmp(word, commands[i].name) == 0) {
            options->command = commands[i].command;
            return true;
        }
    return false;
}

bool options_read(struct options *options, int argc, char **argv, char message[CONFIG_MESSAGE_MAX])
{
    bool form = false;

    memset(options, 0, sizeof *options);
    for (int at = 1; at < argc; at++) {
        int taken = take_value(options, argc, argv, at, message);

        if (taken < 0)
            return false;
        if (taken > 0)
            at += taken - 1;
        else if (options->command == OPTIONS_BACKUP && options->backup == NULL &&
                 argv[at][0] != '-')
            options->backup = argv[at];
        else if (!take_flag(options, argv[at], &form) && !take_command(options, argv[at]))
            return fail_unknown(argv[at], message);
    }
    if (options->command == OPTIONS_BACKUP && options->backup == NULL) {
        snprintf(message, CONFIG_MESSAGE_MAX, "backup needs the file to write; see --help");
        return false;
    }
    if ((options->command == OPTIONS_EXPORT) != form && options->command < OPTIONS_HELP) {
        snprintf(message, CONFIG_MESSAGE_MAX, "%s; see --help",
                 form ? "--csv and --json belong to export" : "export needs --csv or --json");
        return false;
    }
    return true;
}

bool options_apply(const struct options *options, struct config *config,
                   char message[CONFIG_MESSAGE_MAX])
{
    struct config untouched;
    char text[2 * CONFIG_TEXT_MAX];
    const struct {
        const char *key, *value;
    } given[] = {
        {"listen", options->listen}, {"db", options->db}, {"rate-limit", options->rate_limit}};

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (given[i].value == NULL)
            continue;
        if (strlen(given[i].value) >= CONFIG_TEXT_MAX || strchr(given[i].value, '\n') != NULL) {
            snprintf(message, CONFIG_MESSAGE_MAX, "--%s: the value is too long", given[i].key);
            return false;
        }
        snprintf(text, sizeof text, "%s = %s\n", given[i].key, given[i].value);
        if (!config_parse(config, "command line", text, strlen(text), message))
            return false;
    }
    /* Whoever lifts the limits by hand means all that nobody chose. */
    config_init(&untouched);
    if (options->rate_limit != NULL && config->rate_limit == 0)
        for (size_t i = 0; i < config->app_count; i++)
            if (config->apps[i].daily_cap == untouched.preset.daily_cap)
                config->apps[i].daily_cap = 0;
    return true;
}

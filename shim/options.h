/* The command line and the FOOTFALL_* variables, as one set of settings. */
#ifndef FOOTFALL_OPTIONS_H
#define FOOTFALL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option {
#define OPTION(id, ...) OPT_##id,
#include "options.def"
#undef OPTION
    OPTIONS
};

enum command_set { /* who takes an option, as bits */
                   COMMAND_EMIT = 1,
                   COMMAND_RUN = 2,
                   COMMAND_EXPLAIN = 4,
                   COMMAND_ID = 8,
                   COMMAND_FORGET = 16,
                   COMMAND_CHOICE = 32,
};

struct option_spec {
    const char *name;
    const char *metavar; /* NULL: a switch */
    const char *variable;
    unsigned commands;
    const char *help;
};

extern const struct option_spec option_specs[OPTIONS];

#define OPTIONS_ERROR_MAX 400
#define RUN_TOKEN_MAX     200 /* bytes */

struct options {
    const char *value[OPTIONS];     /* NULL: not given; a switch that was given holds "" */
    bool from_environment[OPTIONS]; /* what value holds, where it holds anything */
    const char *event;              /* the first word that is no option, or NULL */
    char **command;                 /* what follows "--", ends with NULL; or NULL */
    long watch_pid;                 /* 0: the parent */
    unsigned watch_limit_ms;
    unsigned deadline_ms;
    char error[OPTIONS_ERROR_MAX]; /* what is wrong and what to do about it, one line */
};

/* Reads args (argv after the command's name, ends with NULL) and the environment. False: wrong
 * usage, error says what. All strings still belong to args and the environment. */
bool options_read(struct options *options, enum command_set command, char **args);

static inline bool option_on(const struct options *options, enum option option)
{
    return options->value[option] != NULL;
}

#endif

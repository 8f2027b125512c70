/* The command line. */
#ifndef FOOTFALL_OPTIONS_H
#define FOOTFALL_OPTIONS_H

#include <stdbool.h>

#include "config.h"

enum options_command {
    OPTIONS_SERVE,
    OPTIONS_BACKUP,
    OPTIONS_PURGE,
    OPTIONS_EXPORT,
    OPTIONS_CHECK,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options {
    enum options_command command;
    const char *config;                   /* file, or NULL */
    const char *listen, *db, *rate_limit; /* NULL = as configured */
    const char *backup;                   /* file to write */
    bool csv;                             /* export */
};

/* False with a message when the line makes no sense. */
__attribute__((warn_unused_result)) bool
options_read(struct options *options, int argc, char **argv, char message[CONFIG_MESSAGE_MAX]);

/* Lets the command line win over the configuration. */
__attribute__((warn_unused_result)) bool options_apply(const struct options *options,
                                                       struct config *config,
                                                       char message[CONFIG_MESSAGE_MAX]);

extern const char options_usage[];

#endif

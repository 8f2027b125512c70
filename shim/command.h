/* The commands. Each cmd_*.c holds one and ends in its entry. */
#ifndef FOOTFALL_COMMAND_H
#define FOOTFALL_COMMAND_H

#include "options.h"
#include "status.h"

struct command {
    const char *name;
    enum command_set set;
    const char *synopsis;                /* what follows the name in a usage line */
    const char *help;                    /* one line */
    int (*run)(struct options *options); /* returns an exit status */
};

extern const struct command cmd_emit, cmd_run, cmd_explain, cmd_id, cmd_forget, cmd_enable,
    cmd_disable;

#endif

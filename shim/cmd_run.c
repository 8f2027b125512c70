/* footfall run: a command between a start and its outcome. */
#include <stdio.h>

#include "command.h"
#include "emit.h"

/* The command's own emits belong to this run. */
static bool name_run(struct options *options, char token[33])
{
    unsigned char random[16];

    if (options->value[OPT_RUN] == NULL) {
        if (!plat_random(random, sizeof random))
            return false;
        for (size_t i = 0; i < sizeof random; i++)
            snprintf(token + 2 * i, 3, "%02x", random[i]);
        options->value[OPT_RUN] = token;
    }
    return plat_set_env("FOOTFALL_RUN", options->value[OPT_RUN]);
}

static int run(struct options *options)
{
    struct emit_result result;
    char token[33];
    bool counted;
    int status;

    if (options->command == NULL || options->command[0] == NULL) {
        fprintf(stderr,
                "footfall: no command: footfall run --app NAME --endpoint URL -- COMMAND\n");
        return STATUS_USAGE;
    }
    counted = name_run(options, token);
    if (counted)
        emit_event(options, "install_start", plat_own_pid(), false, &result);
    status = plat_run(options->command);
    if (counted)
        emit_event(options, status == 0 ? "install_complete" : "install_failed", -1, false,
                   &result);
    return status;
}

const struct command cmd_run = {
    "run",
    COMMAND_RUN,
    "--app NAME --endpoint URL [OPTION...] -- COMMAND [ARG...]",
    "run a command and report how it went; its exit status is handed on",
    run,
};

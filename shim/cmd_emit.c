/* footfall emit: silent, and status 0, whatever happens; unless --strict. */
#include <stdio.h>

#include "command.h"
#include "emit.h"

static int say_strictly(const struct options *options, const struct emit_result *result)
{
    switch (result->emitted) {
    case EMIT_DELIVERED:
        return STATUS_DONE;
    case EMIT_SUPPRESSED:
        fprintf(stderr, "footfall: not sent: %s (see: footfall explain)\n",
                gate_text(result->gate));
        return STATUS_SUPPRESSED;
    case EMIT_WRONG_USAGE:
        fprintf(stderr, "footfall: %s\n", options->error);
        return STATUS_USAGE;
    case EMIT_REFUSED:
        fprintf(stderr, "footfall: refused: %s\n", result->report.detail);
        return STATUS_REFUSED;
    case EMIT_NOT_DELIVERED:
        break;
    }
    fprintf(stderr, "footfall: not delivered: %s\n", result->report.detail);
    return STATUS_NOT_DELIVERED;
}

static int run(struct options *options)
{
    bool strict = option_on(options, OPT_STRICT);
    bool watch = option_on(options, OPT_WATCH);
    struct emit_result result;

    if (!strict)
        plat_hush();
    emit_event(options, options->event, watch ? options->watch_pid : -1, strict, &result);
    return strict ? say_strictly(options, &result) : STATUS_DONE;
}

const struct command cmd_emit = {
    "emit",
    COMMAND_EMIT,
    "EVENT --app NAME --endpoint URL [OPTION...]",
    "send install_start, install_complete or install_failed",
    run,
};

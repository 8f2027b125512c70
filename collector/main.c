#include <stdio.h>

#include "command.h"
#include "exit_status.h"
#include "intake.h"
#include "serve.h"

#define BUSY_MS 10000 /* a subcommand has time */

static int fail(const char *message, int status)
{
    fprintf(stderr, "footfall-collector: %s\n", message);
    return status;
}

static int run_command(const struct options *options, const struct config *config)
{
    struct store_options at = {.file = config->db, .existing = true, .busy_ms = BUSY_MS};
    char message[STORE_ERROR_MAX];
    struct store *store;
    int status = 0;

    if (store_open(&at, &store, message) != STORE_OK)
        return fail(message, EXIT_STATUS_STORE);
    if (options->command == OPTIONS_BACKUP)
        status = command_backup(store, options->backup);
    else if (options->command == OPTIONS_PURGE)
        status = command_purge(store, config);
    else if (options->command == OPTIONS_EXPORT)
        status = command_export(store, options->csv);
    else if (options->command == OPTIONS_CHECK)
        status = command_check(store);
    store_close(store);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct config config;
    char message[CONFIG_MESSAGE_MAX];
    int status;

    intake_init();
    if (!options_read(&options, argc, argv, message))
        return fail(message, EXIT_STATUS_USAGE);
    if (options.command == OPTIONS_HELP)
        return fputs(options_usage, stdout) < 0 ? EXIT_STATUS_SYSTEM : 0;
    if (options.command == OPTIONS_VERSION)
        return puts("footfall-collector " FOOTFALL_VERSION) < 0 ? EXIT_STATUS_SYSTEM : 0;
    if (!config_load(&config, options.config, message) ||
        !options_apply(&options, &config, message)) {
        config_release(&config);
        return fail(message, EXIT_STATUS_USAGE);
    }
    if (options.command == OPTIONS_SERVE)
        return serve(&options, &config);
    status = run_command(&options, &config);
    config_release(&config);
    return status;
}

/* footfall: anonymous install telemetry. See footfall.1. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "nearest.h"
#include "plat.h"
#include "usage.h"

#define COMMANDS_MAX 16

static const struct command *const commands[] = {
    &cmd_emit, &cmd_run, &cmd_explain, &cmd_id, &cmd_forget, &cmd_enable, &cmd_disable, NULL,
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMANDS_MAX];
    const char *near;
    size_t n = 0;

    for (; commands[n] != NULL; n++)
        names[n] = commands[n]->name;
    names[n] = NULL;
    near = nearest_word(name, strlen(name), names);
    fprintf(stderr, "footfall: unknown command %.60s; ", name);
    if (near != NULL)
        fprintf(stderr, "did you mean %s?\n", near);
    else
        fprintf(stderr, "see footfall --help\n");
    return STATUS_USAGE;
}

/* emit says nothing about wrong usage, unless it was told to be strict wherever in the line. */
static bool is_silent(const struct command *command, char **args)
{
    if (command != &cmd_emit)
        return false;
    for (; *args != NULL; args++)
        if (strcmp(*args, "--strict") == 0)
            return false;
    return true;
}

static int run_command(const struct command *command, char **args)
{
    struct options options;

    if (!options_read(&options, command->set, args)) {
        if (is_silent(command, args))
            return STATUS_DONE;
        fprintf(stderr, "footfall: %s\n", options.error);
        return STATUS_USAGE;
    }
    if (option_on(&options, OPT_HELP)) {
        usage_command(stdout, command);
        return STATUS_DONE;
    }
    return command->run(&options);
}

static int answer(const char *first, char **args)
{
    const struct command *command;

    if (first[0] == '\0') {
        usage_program(stderr, commands);
        return STATUS_USAGE;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0) {
        usage_program(stdout, commands);
        return STATUS_DONE;
    }
    if (strcmp(first, "--version") == 0) {
        puts("footfall " FOOTFALL_VERSION);
        return STATUS_DONE;
    }
    command = find_command(first);
    return command == NULL ? unknown_command(first) : run_command(command, args);
}

int footfall_main(int argc, char **argv)
{
    static char errors[512];
    int status;

    /* One write for a line, so that a message is not torn apart by another program's. */
    setvbuf(stderr, errors, _IOLBF, sizeof errors);
    status = argc > 1 ? answer(argv[1], argv + 2) : answer("", argv);
    if (status == STATUS_DONE && (fflush(stdout) != 0 || ferror(stdout))) {
        fprintf(stderr, "footfall: standard output cannot be written to; is its disk full?\n");
        status = STATUS_FAILED;
    }
    return status;
}

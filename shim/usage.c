#include "usage.h"

void usage_program(FILE *out, const struct command *const *commands)
{
    fputs("Anonymous install telemetry that never fails or slows an install.\n\nUsage:\n", out);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(out, "  footfall %s %s\n", commands[i]->name, commands[i]->synopsis);
    fputs("\nCommands:\n", out);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->help);
    fputs(
        "\nfootfall COMMAND --help lists a command's options; footfall --version says which footfall this is.\n"
        "Off with DO_NOT_TRACK=1, NO_TELEMETRY=1, <APP>_NO_TELEMETRY=1 or footfall disable.\n",
        out);
}

void usage_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: footfall %s %s\n\n%s\n\nOptions:\n", command->name, command->synopsis,
            command->help);
    for (enum option i = 0; i < OPTIONS; i++) {
        const struct option_spec *spec = &option_specs[i];
        char left[40];
        if ((spec->commands & command->set) == 0)
            continue;
        snprintf(left, sizeof left, "--%s %s", spec->name,
                 spec->metavar != NULL ? spec->metavar : "");
        fprintf(out, "  %-22s  %s", left, spec->help);
        if (spec->variable != NULL)
            fprintf(out, " [%s]", spec->variable);
        fputc('\n', out);
    }
}

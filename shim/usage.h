/* The usage text, made from the tables. */
#ifndef FOOTFALL_USAGE_H
#define FOOTFALL_USAGE_H

#include <stdio.h>

#include "command.h"

void usage_program(FILE *out, const struct command *const *commands);
void usage_command(FILE *out, const struct command *command);

#endif

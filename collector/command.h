/* The subcommands that work on the store and end. Each returns the exit status. */
#ifndef FOOTFALL_COMMAND_H
#define FOOTFALL_COMMAND_H

#include "options.h"
#include "store.h"

int command_backup(struct store *store, const char *file);
int command_purge(struct store *store, const struct config *config);
int command_export(struct store *store, bool csv);
int command_check(struct store *store);

#endif

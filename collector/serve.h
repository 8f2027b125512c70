/* Running the collector until it is told to end. */
#ifndef FOOTFALL_SERVE_H
#define FOOTFALL_SERVE_H

#include "options.h"

/* Takes over the configuration; returns the exit status. */
int serve(const struct options *options, struct config *config);

#endif

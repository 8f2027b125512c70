/* Outcomes by platform and by release, for Prometheus: what alerts on failure rates are made of. */
#ifndef FOOTFALL_BREAKDOWN_H
#define FOOTFALL_BREAKDOWN_H

#include "config.h"
#include "store.h"

/* Calls line() for each line, without its newline. The counters start again at midnight UTC, as
 * Prometheus' increase() expects of counters; cells below k are folded as everywhere in public. */
STORE_MUST_CHECK enum store_error breakdown_metrics(struct store *store,
                                                    const struct config *config, int64_t now,
                                                    void (*line)(void *context, const char *text),
                                                    void *context);

#endif

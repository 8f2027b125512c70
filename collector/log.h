/* The log on standard error: one line an entry, as text or as JSON.
 *
 * Callers pass no address, no id and nothing a client sent. */
#ifndef FOOTFALL_LOG_H
#define FOOTFALL_LOG_H

#include <stdbool.h>

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines are JSON objects from now on, or plain text again. */
void log_as_json(bool json);

/* Writes "message key=value ..."; the pairs end with NULL. */
void log_line(enum log_level level, const char *message, ...) __attribute__((sentinel));

#endif

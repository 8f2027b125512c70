/* Which bytes may be JSON at all. cJSON is lenient: it cuts strings at \u0000, lets control bytes
 * and broken UTF-8 through and skips a byte order mark. This looks first. */
#ifndef FOOTFALL_STRICT_H
#define FOOTFALL_STRICT_H

#include <stdbool.h>
#include <stddef.h>

#define STRICT_DEPTH_MAX 8

/* True when every byte may stand where it stands: well-formed UTF-8, no control byte but white
 * space between tokens, sound escapes without \u0000 and lone surrogates, numbers as JSON writes
 * them, at most STRICT_DEPTH_MAX levels. Not a grammar: the parser comes after. */
bool strict_json_bytes(const char *text, size_t len);

#endif

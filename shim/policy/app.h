/* An app's name, and the names that follow from it. */
#ifndef FOOTFALL_APP_H
#define FOOTFALL_APP_H

#include <stdbool.h>
#include <stddef.h>

#define APP_NAME_MAX     64                  /* bytes */
#define APP_VARIABLE_MAX (APP_NAME_MAX + 32) /* bytes of <APP>_SUFFIX, with its NUL */

/* Lower-case letters, digits and "-", a letter or digit first, 1 to APP_NAME_MAX bytes. */
bool app_name_ok(const char *name);

/* Writes <APP>_SUFFIX: the name in upper case with "-" as "_". The name must be ok, the suffix at
 * most 30 bytes. */
void app_variable(const char *name, const char *suffix, char out[APP_VARIABLE_MAX]);

#endif

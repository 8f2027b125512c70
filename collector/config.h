/* The configuration: `key = value` lines, with one [app NAME] section for each app.
 *
 * config_keys.h is the table of keys; the parser, its messages and the manual page follow it. */
#ifndef FOOTFALL_CONFIG_H
#define FOOTFALL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"

#define CONFIG_TEXT_MAX    256 /* bytes of a value, with its NUL */
#define CONFIG_APPS_MAX    1000
#define CONFIG_PROXIES_MAX 64
#define CONFIG_MESSAGE_MAX 512

struct config_app {
    char name[APP_NAME_MAX + 1];
    unsigned line; /* where its section begins, 0 = made without a configuration */
#define APP_KEY(key, type, field, preset, min, max, meaning) CONFIG_FIELD_##type(field)
#define KEY(key, type, field, preset, min, max, meaning)
#define CONFIG_FIELD_NUMBER(field) uint32_t field;
#define CONFIG_FIELD_SWITCH(field) bool field;
#define CONFIG_FIELD_TEXT(field)   char field[CONFIG_TEXT_MAX];
#define CONFIG_FIELD_WORDS(field)  char field[CONFIG_TEXT_MAX];
#include "config_keys.h"
#undef APP_KEY
#undef KEY
};

struct config {
#define APP_KEY(key, type, field, preset, min, max, meaning)
#define KEY(key, type, field, preset, min, max, meaning) CONFIG_FIELD_##type(field)
#include "config_keys.h"
#undef APP_KEY
#undef KEY
    struct config_app preset; /* app keys above the first section */
    struct config_app *apps;
    size_t app_count;
};

/* Everything at its preset, and no app. */
void config_init(struct config *config);
void config_release(struct config *config);

/* Reads the text of a configuration over what is there already. False: message names file, line,
 * the thing and the remedy. */
__attribute__((warn_unused_result)) bool config_parse(struct config *config, const char *file,
                                                      const char *text, size_t len,
                                                      char message[CONFIG_MESSAGE_MAX]);

/* Reads the file; file NULL is a configuration with the single app "default". */
__attribute__((warn_unused_result)) bool config_load(struct config *config, const char *file,
                                                     char message[CONFIG_MESSAGE_MAX]);

/* The app of that name, or NULL. "" is the one that paths without an app mean. */
const struct config_app *config_app(const struct config *config, const char *name);

#endif

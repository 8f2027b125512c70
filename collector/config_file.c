/* The configuration as a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static bool read_whole(const char *file, char **text, size_t *len)
{
    enum { FILE_MAX = 1024 * 1024 };
    FILE *in = fopen(file, "rb");
    bool ok = false;

    *text = in == NULL ? NULL : malloc(FILE_MAX);
    if (*text != NULL) {
        *len = fread(*text, 1, FILE_MAX, in);
        ok = !ferror(in) && *len < FILE_MAX;
        errno = ferror(in) ? errno : EFBIG;
    }
    if (in != NULL)
        fclose(in);
    return ok;
}

bool config_load(struct config *config, const char *file, char message[CONFIG_MESSAGE_MAX])
{
    static const char lone[] = "[app default]\n";
    char *text = NULL;
    size_t len = 0;
    bool ok;

    config_init(config);
    if (file == NULL)
        return config_parse(config, "", lone, strlen(lone), message);
    if (!read_whole(file, &text, &len)) {
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "%s: cannot be read: %s; name a readable file of --config", file, strerror(errno));
        free(text);
        return false;
    }
    ok = config_parse(config, file, text, len, message);
    free(text);
    if (ok && config->app_count == 0)
        ok = config_parse(config, file, lone, strlen(lone), message);
    return ok;
}

#include "app.h"

#include <string.h>

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool app_name_ok(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > APP_NAME_MAX || !is_letter_or_digit(name[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!is_letter_or_digit(name[i]) && name[i] != '-')
            return false;
    return true;
}

void app_variable(const char *name, const char *suffix, char out[APP_VARIABLE_MAX])
{
    size_t n = 0;

    for (; *name != '\0'; name++)
        out[n++] = (char)(*name == '-'                   ? '_'
                          : *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A'
                                                         : *name);
    out[n++] = '_';
    memcpy(out + n, suffix, strlen(suffix) + 1);
}

#include "value.h"

#include <stdbool.h>
#include <stddef.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same_word(const char *text, size_t len, const char *word)
{
    size_t i = 0;
    while (i < len && word[i] != '\0' && lower(text[i]) == word[i])
        i++;
    return i == len && word[i] == '\0';
}

static bool is_one_of(const char *text, size_t len, const char *const *words)
{
    for (; *words != NULL; words++)
        if (same_word(text, len, *words))
            return true;
    return false;
}

enum value value_read(const char *text)
{
    /* Not "none" or "disabled": DO_NOT_TRACK=disabled could mean either, and doubt means off. */
    static const char *const no[] = {"0", "false", "no", "off", "n", "f", NULL};
    static const char *const yes[] = {"1", "true",   "yes",     "on", "y",
                                      "t", "enable", "enabled", NULL};
    size_t len = 0;

    if (text == NULL)
        return VALUE_NONE;
    while (is_space(*text))
        text++;
    while (text[len] != '\0')
        len++;
    while (len > 0 && is_space(text[len - 1]))
        len--;
    if (len == 0)
        return VALUE_NONE;
    if (is_one_of(text, len, no))
        return VALUE_FALSE;
    return is_one_of(text, len, yes) ? VALUE_TRUE : VALUE_ODD;
}

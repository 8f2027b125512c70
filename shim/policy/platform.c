#include "platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *os, *arch, *platform;
} platforms[] = {
#define X(os, arch, platform) {os, arch, platform},
#include "platforms_table.h"
#undef X
};

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

void platform_name(const char *os, const char *arch, char out[PLATFORM_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        if (same(platforms[i].os, os) && same(platforms[i].arch, arch)) {
            memcpy(out, platforms[i].platform, strlen(platforms[i].platform) + 1);
            return;
        }
    }
    for (; *os != '\0'; os++)
        out[n++] = lower(*os);
    out[n++] = '-';
    for (; *arch != '\0'; arch++)
        out[n++] = lower(*arch);
    out[n] = '\0';
}

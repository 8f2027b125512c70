#include "platform.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Text and not pointers to it: a pointer costs the program five times its own size. */
static const struct {
    char os[8], arch[12], platform[20];
} platforms[] = {
#define X(os, arch, platform) {os, arch, platform},
#include "platforms_table.h"
#undef X
};

/* A text that fills its place to the last byte would lose its end without a word. */
#define X(o, a, p)                                                                                 \
    static_assert(sizeof(o) <= sizeof platforms->os && sizeof(a) <= sizeof platforms->arch &&      \
                      sizeof(p) <= sizeof platforms->platform,                                     \
                  "too long for the table of platforms: " o " " a);
#include "platforms_table.h"
#undef X

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

#include "route.h"

#include <stdio.h>
#include <string.h>

#include "pages.h"
#include "stats.h"

#define READ (ROUTE_GET | ROUTE_HEAD)

static const struct route routes[] = {
    {"/v1/events", ROUTE_POST, ROUTE_EVENT, NULL, NULL},
    {"/v1/apps/{app}/events", ROUTE_POST, ROUTE_EVENT, NULL, NULL},
    {"/api/telemetry", ROUTE_POST, ROUTE_EVENT, NULL, NULL},
    {"/v1/validate", ROUTE_POST, ROUTE_VALIDATE, NULL, NULL},
    {"/v1/apps/{app}/validate", ROUTE_POST, ROUTE_VALIDATE, NULL, NULL},
    {"/v1/install/{cid}", ROUTE_DELETE, ROUTE_ERASE, NULL, NULL},
    {"/v1/apps/{app}/install/{cid}", ROUTE_DELETE, ROUTE_ERASE, NULL, NULL},
    /* The sibling of /api/telemetry, which is where `footfall forget` asks. */
    {"/api/install/{cid}", ROUTE_DELETE, ROUTE_ERASE, NULL, NULL},
    {"/v1/schema", READ, ROUTE_PAGE, pages_schema, NULL},
    {"/v1/policy", READ, ROUTE_PAGE, pages_policy, NULL},
    {"/v1/stats", READ, ROUTE_PAGE, pages_stats, stats_parameters},
    {"/healthz", READ, ROUTE_HEALTH, NULL, NULL},
    {"/metrics", READ, ROUTE_PAGE, pages_metrics, NULL},
    {"/", READ, ROUTE_PAGE, dashboard_page, stats_parameters},
    {"/assets/*", READ, ROUTE_ASSET, dashboard_asset, NULL},
};

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {
    {"GET", ROUTE_GET}, {"HEAD", ROUTE_HEAD}, {"POST", ROUTE_POST}, {"DELETE", ROUTE_DELETE}};

static void copy(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size)
        len = size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

static bool matches(const char *pattern, const char *path, struct route_match *match)
{
    while (*pattern != '\0' && *pattern != '*') {
        size_t len = strcspn(path, "/");

        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        if (len == 0)
            return false;
        if (strncmp(pattern, "{app}", 5) == 0)
            copy(match->app, sizeof match->app, path, len);
        else
            copy(match->cid, sizeof match->cid, path, len);
        pattern += 5;
        path += len;
    }
    return *pattern == '*' ? *path != '\0' : *path == '\0';
}

struct route_match route_find(const char *path, const char *method)
{
    struct route_match match = {.route = NULL};
    unsigned asked = 0;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(method, methods[i].name) == 0)
            asked = methods[i].bit;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0] && match.allowed == 0; i++) {
        if (!matches(routes[i].pattern, path, &match))
            continue;
        match.allowed = routes[i].methods;
        match.route = (match.allowed & asked) != 0 ? &routes[i] : NULL;
    }
    return match;
}

void route_allow(unsigned allowed, char text[32])
{
    size_t len = 0;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if ((allowed & methods[i].bit) != 0)
            len += (size_t)snprintf(text + len, 32 - len, "%s%s", len == 0 ? "" : ", ",
                                    methods[i].name);
}

bool route_takes(const struct route *route, const char *parameter)
{
    for (const char *const *name = route->parameters; name != NULL && *name != NULL; name++)
        if (strcmp(*name, parameter) == 0)
            return true;
    return false;
}

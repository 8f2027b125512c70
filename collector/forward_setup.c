/* What an app's configuration says about forwarding, and its secrets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "forward_lane.h"
#include "ga4.h"
#include "posthog.h"

static const struct {
    const char *name, *variable, *file_key, *url_key;
} services[FORWARD_SERVICES] = {
    [FORWARD_GA4] = {"ga4", "FOOTFALL_GA4_SECRET", "ga4-secret-file", "ga4-url"},
    [FORWARD_POSTHOG] = {"posthog", "FOOTFALL_POSTHOG_KEY", "posthog-key-file", "posthog-url"},
};

const char *forward_service_name(enum forward_service service)
{
    return services[service].name;
}

const char *forward_drop_name(enum forward_drop drop)
{
    static const char *const names[FORWARD_DROPS] = {[FORWARD_DROP_LATE] = "late",
                                                     [FORWARD_DROP_REFUSED] = "refused",
                                                     [FORWARD_DROP_PURGED] = "purged"};

    return names[drop];
}

bool forward_wanted(enum forward_service service, const struct config_app *app)
{
    const char *inherited = getenv(services[service].variable);

    if (service == FORWARD_GA4)
        return *app->ga4_measurement_id != '\0';
    return *app->posthog_key_file != '\0' || (inherited && *inherited);
}

static ssize_t read_whole(const char *file, char *out, size_t size)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : read(fd, out, size);

    if (fd >= 0)
        close(fd);
    return len;
}

/* One line of printable text; what is in it is never told to anybody. */
static bool secret_ok(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len > 0;
}

static enum forward_setup read_secret(struct forward_lane *lane, const char *file,
                                      char message[CONFIG_MESSAGE_MAX])
{
    const char *variable = services[lane->service].variable;
    const char *value = getenv(variable);
    const char *from = *file ? file : variable;
    ssize_t len = 0;

    if (*file)
        len = read_whole(file, lane->secret, sizeof lane->secret);
    else if (value)
        len = snprintf(lane->secret, sizeof lane->secret, "%s", value);
    if (len < 0) {
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "%s '%s' cannot be read: make it readable for the "
                 "collector's user",
                 services[lane->service].file_key, file);
        return FORWARD_SETUP_WRONG;
    }
    while (len > 0 && len < (ssize_t)sizeof lane->secret && strchr("\r\n", lane->secret[len - 1]))
        len--;
    if (len >= (ssize_t)sizeof lane->secret || !secret_ok(lane->secret, (size_t)len)) {
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "no secret in %s: put it there as one line of up to "
                 "%d characters",
                 from, FORWARD_SECRET_MAX - 1);
        return FORWARD_SETUP_WRONG;
    }
    lane->secret[len] = '\0';
    return FORWARD_SETUP_READY;
}

static bool make_url(struct forward_lane *lane, const char *configured)
{
    char base[CONFIG_TEXT_MAX];
    size_t len;

    if (!endpoint_usable(endpoint_check(configured)))
        return false;
    snprintf(base, sizeof base, "%s", configured);
    for (len = strlen(base); len > 0 && base[len - 1] == '/'; len--)
        base[len - 1] = '\0';
    if (lane->service == FORWARD_GA4)
        return ga4_url(base, lane->app->ga4_measurement_id, lane->secret, lane->url,
                       sizeof lane->url);
    int n = snprintf(lane->url, sizeof lane->url, "%s" POSTHOG_PATH, base);
    return n > 0 && (size_t)n < sizeof lane->url;
}

enum forward_setup forward_lane_setup(struct forward_lane *lane, enum forward_service service,
                                      const struct config_app *app,
                                      char message[CONFIG_MESSAGE_MAX])
{
    bool ga4 = service == FORWARD_GA4;
    const char *file = ga4 ? app->ga4_secret_file : app->posthog_key_file;
    const char *url = ga4 ? app->ga4_url : app->posthog_url;

    if (!forward_wanted(service, app))
        return FORWARD_SETUP_NONE;
    lane->service = service;
    lane->app = app;
    lane->seen = UINT64_MAX;
    enum forward_setup setup = read_secret(lane, file, message);
    if (setup == FORWARD_SETUP_READY && !make_url(lane, url)) {
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "%s '%s'%s cannot be used: give an https:// address%s", services[service].url_key,
                 url, ga4 ? " with this ga4-measurement-id and secret" : "",
                 ga4 ? ", and an id and a secret of letters, digits, - and _" : "");
        return FORWARD_SETUP_WRONG;
    }
    return setup;
}

/* grow FILE EVENTS DAYS: fills a store through its own interface with that many events, each of an
 * id of its own, spread over the days before today. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cid.h"
#include "store.h"

#define BATCH 4096

static unsigned long long state = 88172645463325252ULL;

static unsigned long long any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void fill(struct event *event)
{
    static const char *const label[] = {"install_start", "install_start", "install_complete",
                                        "install_complete", "install_failed"};
    static const char *const platform[] = {"linux-x86_64",   "linux-aarch64",   "macos-aarch64",
                                           "windows-x86_64", "windows-aarch64", "freebsd-x86_64"};
    static const char *const method[] = {"shell", "powershell", "brew", "deb"};
    unsigned long long random[2] = {any(), any()};
    char release[16];

    snprintf(release, sizeof release, "v1.%u.0", (unsigned)(any() % 8));
    event_set(event, EVENT_LABEL, label[any() % 5]);
    event_set(event, EVENT_OS, "linux");
    event_set(event, EVENT_ARCH, "x86_64");
    event_set(event, EVENT_PLATFORM, platform[any() % 6]);
    event_set(event, EVENT_RELEASE, release);
    event_set(event, EVENT_METHOD, method[any() % 4]);
    cid_format((const unsigned char *)random, event->value[EVENT_CID]);
}

static int grow(struct store *store, long events, long days)
{
    static struct event event[BATCH];
    static struct store_event entry[BATCH];
    long long now = time(NULL);

    for (long day = days; day >= 1; day--) {
        long left = events / days;
        while (left > 0) {
            size_t n = left < BATCH ? (size_t)left : BATCH;
            for (size_t i = 0; i < n; i++) {
                fill(&event[i]);
                entry[i] = (struct store_event){.event = &event[i], .app = "default"};
            }
            if (store_append(store, now - day * 86400, entry, n, 10000) != STORE_OK) {
                fprintf(stderr, "grow: %s\n", store_message(store));
                return 1;
            }
            left -= (long)n;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    char message[STORE_ERROR_MAX];
    struct store_options at = {.busy_ms = 10000};
    struct store *store;
    int status;

    if (argc != 4) {
        fprintf(stderr, "usage: grow FILE EVENTS DAYS\n");
        return 2;
    }
    at.file = argv[1];
    if (store_open(&at, &store, message) != STORE_OK) {
        fprintf(stderr, "grow: %s\n", message);
        return 1;
    }
    status = grow(store, atol(argv[2]), atol(argv[3]));
    store_close(store);
    return status;
}

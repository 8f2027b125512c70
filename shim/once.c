#include "once.h"

#include <mbedtls/sha256.h>
#include <stdio.h>
#include <string.h>

#define RUNS         "telemetry_runs"
#define RUN_LIFETIME (7 * 24 * 3600L) /* seconds; no run takes a week */

void once_name(const char *app, const char *token, char run[RUN_NAME_MAX])
{
    mbedtls_sha256_context sha;
    unsigned char digest[32];

    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts(&sha, 0);
    mbedtls_sha256_update(&sha, (const unsigned char *)app, strlen(app) + 1);
    mbedtls_sha256_update(&sha, (const unsigned char *)token, strlen(token));
    mbedtls_sha256_finish(&sha, digest);
    mbedtls_sha256_free(&sha);
    for (size_t i = 0; i < RUN_NAME_MAX / 2; i++)
        snprintf(run + 2 * i, 3, "%02x", digest[i]);
}

static void marker(char name[PLAT_NAME_MAX], const char *run, enum once_stage stage)
{
    snprintf(name, PLAT_NAME_MAX, RUNS "/%.32s.%s", run, stage == ONCE_START ? "start" : "outcome");
}

bool once_taken(const struct place places[PLACES], const char *run, enum once_stage stage)
{
    char name[PLAT_NAME_MAX];

    marker(name, run, stage);
    for (int i = 0; i < PLACES; i++)
        if (place_has(&places[i], name))
            return true;
    return false;
}

/* The first place that can hold the mark gets it, the others must not have one. Whoever finds one
 * there after marking gives way: at worst both do, and nothing is sent twice. */
enum place_put once_claim(struct place places[PLACES], const char *run, enum once_stage stage)
{
    char name[PLAT_NAME_MAX];

    marker(name, run, stage);
    if (once_taken(places, run, stage))
        return PLACE_TAKEN;
    for (int i = 0; i < PLACES; i++) {
        enum place_put put = place_claim(&places[i], name);
        if (put == PLACE_FAILED)
            continue;
        for (int k = 0; put == PLACE_PUT && k < PLACES; k++)
            if (k != i && place_has(&places[k], name))
                put = PLACE_TAKEN;
        return put;
    }
    return PLACE_FAILED;
}

void once_prune(struct place places[PLACES])
{
    for (int i = 0; i < PLACES; i++)
        place_prune(&places[i], RUNS, RUN_LIFETIME);
}

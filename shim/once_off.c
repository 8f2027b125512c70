/* In the place of once.c: a program that sends nothing has no runs to remember, and needs no digest
 * to name them. */
#include <string.h>

#include "once.h"

void once_name(const char *app, const char *token, char run[RUN_NAME_MAX])
{
    (void)app;
    (void)token;
    memset(run, '0', RUN_NAME_MAX - 1);
    run[RUN_NAME_MAX - 1] = '\0';
}

bool once_taken(const struct place places[PLACES], const char *run, enum once_stage stage)
{
    (void)places;
    (void)run;
    (void)stage;
    return false;
}

enum place_put once_claim(struct place places[PLACES], const char *run, enum once_stage stage)
{
    (void)places;
    (void)run;
    (void)stage;
    return PLACE_FAILED;
}

void once_prune(struct place places[PLACES])
{
    (void)places;
}

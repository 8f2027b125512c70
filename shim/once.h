/* At most one start and one outcome for each run, on whatever terms its processes meet. */
#ifndef FOOTFALL_ONCE_H
#define FOOTFALL_ONCE_H

#include <stdbool.h>

#include "job.h"
#include "plat.h"

enum once_stage { ONCE_START, ONCE_OUTCOME };

/* Turns an app and a run's token, any text, into a name that is safe in a path. */
void once_name(const char *app, const char *token, char run[RUN_NAME_MAX]);

/* PLACE_PUT: the stage is the caller's to send. PLACE_TAKEN: it has been sent. PLACE_FAILED:
 * there is no place to remember it, so nothing may be sent. */
enum place_put once_claim(struct place places[PLACES], const char *run, enum once_stage stage);

/* True when the stage has been claimed. Creates nothing. */
bool once_taken(const struct place places[PLACES], const char *run, enum once_stage stage);

/* Forgets runs that are long over. */
void once_prune(struct place places[PLACES]);

#endif

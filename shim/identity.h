/* The client id on this machine: ~/.<app>/telemetry_id. */
#ifndef FOOTFALL_IDENTITY_H
#define FOOTFALL_IDENTITY_H

#include <stdbool.h>

#include "cid.h"
#include "plat.h"

#define IDENTITY_FILE "telemetry_id"

/* The id that is there. Creates nothing. */
bool identity_read(const struct place *home, char cid[CID_LEN + 1]);

/* The id that is there, else a new one that every process of this home agrees on, else (home
 * cannot hold one) one for this time only. False: the system has no random numbers. */
bool identity_get(struct place *home, char cid[CID_LEN + 1]);

/* Replaces the id by a new one. False: home cannot hold it, and nothing has changed. */
bool identity_reset(struct place *home, char cid[CID_LEN + 1]);

#endif

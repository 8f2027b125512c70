/* What the parts of the running collector share. Owned by main's serve(). */
#ifndef FOOTFALL_SERVICE_H
#define FOOTFALL_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "counters.h"
#include "live.h"
#include "store.h"

struct forward;
struct gate;
struct worker;

struct service {
    struct store *store;
    struct live_slot *live;
    struct counters *counters;
    struct gate *gate;     /* rate limits */
    struct worker *writer; /* groups events into commits */
    struct worker *reader; /* makes pages */
    struct worker *eraser;
    pthread_mutex_t forward_lock;   /* a reload replaces what /metrics asks */
    struct forward *forward;        /* NULL = nothing to forward */
    atomic_bool draining;           /* answers close their connection */
    _Atomic uint64_t open_requests; /* begun and not answered */
    _Atomic uint64_t connections;
};

#endif

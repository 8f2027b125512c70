#include "gate.h"

#include <pthread.h>
#include <stdlib.h>

#include "clock.h"
#include "limit.h"
#include "random.h"
#include "siphash.h"

#define SALT_US ((int64_t)CLOCK_DAY * 1000000)

struct gate {
    pthread_mutex_t lock;
    uint32_t per_minute;
    int64_t salted_at;
    struct siphash_key salt;
    struct limit limit[GATE_KINDS];
};

static void start_anew(struct gate *gate, uint32_t per_minute)
{
    gate->per_minute = per_minute;
    for (int i = 0; i < GATE_KINDS; i++)
        limit_reset(&gate->limit[i], per_minute);
}

struct gate *gate_new(uint32_t per_minute)
{
    struct gate *gate = calloc(1, sizeof *gate);

    if (gate == NULL || !random_bytes(&gate->salt, sizeof gate->salt)) {
        free(gate);
        return NULL;
    }
    pthread_mutex_init(&gate->lock, NULL);
    gate->salted_at = clock_steady_us();
    gate->per_minute = per_minute;
    for (int i = 0; i < GATE_KINDS; i++)
        gate->limit[i].per_minute = per_minute;
    return gate;
}

void gate_free(struct gate *gate)
{
    free(gate);
}

void gate_set(struct gate *gate, uint32_t per_minute)
{
    pthread_mutex_lock(&gate->lock);
    if (gate->per_minute != per_minute)
        start_anew(gate, per_minute);
    pthread_mutex_unlock(&gate->lock);
}

uint32_t gate_pass(struct gate *gate, enum gate_kind kind, const struct address *address)
{
    struct address household = address_household(address);
    int64_t now = clock_steady_us();
    uint32_t wait = 0;

    pthread_mutex_lock(&gate->lock);
    if (gate->per_minute != 0) {
        if (now - gate->salted_at > SALT_US && random_bytes(&gate->salt, sizeof gate->salt)) {
            start_anew(gate, gate->per_minute);
            gate->salted_at = now;
        }
        wait = limit_take(&gate->limit[kind],
                          siphash_of(&gate->salt, &household, sizeof household).word[0], now);
    }
    pthread_mutex_unlock(&gate->lock);
    return wait;
}

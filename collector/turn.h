/* A lock that can be waited for by the steady clock: pthread's own timed lock goes by the wall
 * clock, which jumps. */
#ifndef FOOTFALL_TURN_H
#define FOOTFALL_TURN_H

#include <stdbool.h>

#include <pthread.h>

struct turn {
    pthread_mutex_t lock;
    pthread_cond_t free;
    bool taken;
};

void turn_init(struct turn *turn);
void turn_take(struct turn *turn);
/* False when somebody else still has it after about `ms`. */
__attribute__((warn_unused_result)) bool turn_take_within(struct turn *turn, unsigned ms);
void turn_give(struct turn *turn);

#endif

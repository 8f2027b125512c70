#include "turn.h"

#include <time.h>

void turn_init(struct turn *turn)
{
    pthread_condattr_t steady;

    pthread_mutex_init(&turn->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&turn->free, &steady);
    pthread_condattr_destroy(&steady);
    turn->taken = false;
}

void turn_take(struct turn *turn)
{
    pthread_mutex_lock(&turn->lock);
    while (turn->taken)
        pthread_cond_wait(&turn->free, &turn->lock);
    turn->taken = true;
    pthread_mutex_unlock(&turn->lock);
}

bool turn_take_within(struct turn *turn, unsigned ms)
{
    struct timespec until;
    bool mine;
    long ns;

    clock_gettime(CLOCK_MONOTONIC, &until);
    ns = until.tv_nsec + (long)(ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&turn->lock);
    while (turn->taken && pthread_cond_timedwait(&turn->free, &turn->lock, &until) == 0)
        ;
    mine = !turn->taken;
    turn->taken = true;
    pthread_mutex_unlock(&turn->lock);
    return mine;
}

void turn_give(struct turn *turn)
{
    pthread_mutex_lock(&turn->lock);
    turn->taken = false;
    pthread_cond_signal(&turn->free);
    pthread_mutex_unlock(&turn->lock);
}

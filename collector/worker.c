#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "request.h"

struct worker {
    struct service *service;
    worker_work *work;
    size_t most;
    unsigned gather_us;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct request *first, **last;
    size_t count;
    size_t before; /* size of the batch before this one */
    bool stopping;
};

/* Closed loops answer all together and come back together: starting on the first of them would
 * make a small commit that the others then wait for. */
static void gather(struct worker *worker)
{
    struct timespec until;
    long ns;

    if (worker->gather_us == 0 || worker->count >= worker->before || worker->stopping)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    ns = until.tv_nsec + (long)worker->gather_us * 1000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    while (worker->count < worker->before && !worker->stopping)
        if (pthread_cond_timedwait(&worker->arrived, &worker->lock, &until) != 0)
            return;
}

static void *run(void *context)
{
    struct worker *worker = context;
    struct request *list;
    size_t count;

    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (worker->count == 0 && !worker->stopping)
            pthread_cond_wait(&worker->arrived, &worker->lock);
        if (worker->count == 0)
            break;
        gather(worker);
        list = worker->first;
        count = worker->count;
        worker->first = NULL;
        worker->last = &worker->first;
        worker->count = 0;
        worker->before = count;
        pthread_mutex_unlock(&worker->lock);
        worker->work(worker->service, list, count);
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

struct worker *worker_start(struct service *service, worker_work *work, size_t most,
                            unsigned gather_us)
{
    struct worker *worker = calloc(1, sizeof *worker);
    pthread_condattr_t steady;

    if (worker == NULL)
        return NULL;
    worker->service = service;
    worker->work = work;
    worker->most = most;
    worker->gather_us = gather_us;
    worker->last = &worker->first;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->arrived, &steady);
    pthread_condattr_destroy(&steady);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
        free(worker);
        return NULL;
    }
    return worker;
}

bool worker_put(struct worker *worker, struct request *request)
{
    bool room;

    pthread_mutex_lock(&worker->lock);
    room = worker->count < worker->most && !worker->stopping;
    if (room) {
        request->next = NULL;
        *worker->last = request;
        worker->last = &request->next;
        worker->count++;
        if (worker->count == 1 || worker->count == worker->before)
            pthread_cond_signal(&worker->arrived);
    }
    pthread_mutex_unlock(&worker->lock);
    return room;
}

void worker_stop(struct worker *worker)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_signal(&worker->arrived);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->arrived);
    free(worker);
}

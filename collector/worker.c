#include "worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "request.h"

struct worker {
    struct service *service;
    worker_work *work;
    size_t most;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct request *first, **last;
    size_t count;
    bool stopping;
};

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
        list = worker->first;
        count = worker->count;
        worker->first = NULL;
        worker->last = &worker->first;
        worker->count = 0;
        pthread_mutex_unlock(&worker->lock);
        worker->work(worker->service, list, count);
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

struct worker *worker_start(struct service *service, worker_work *work, size_t most)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return NULL;
    worker->service = service;
    worker->work = work;
    worker->most = most;
    worker->last = &worker->first;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->arrived, NULL);
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

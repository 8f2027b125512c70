#include "serve.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "connections.h"
#include "exit_status.h"
#include "forward.h"
#include "gate.h"
#include "keeper.h"
#include "log.h"
#include "request.h"
#include "sandbox.h"
#include "server.h"
#include "worker.h"

#define EVENTS_WAITING_MAX   100000 /* more than connections, so never reached */
#define PAGES_WAITING_MAX    1024
#define ERASURES_WAITING_MAX 64
#define BUSY_MS              2000
#define SWEEP_MS             5000 /* for others who read the store, at the end */
#define HURRY_SECONDS        3    /* for slow clients when connections run out */

struct running {
    struct service service;
    struct server *server;
    struct keeper *keeper;
    struct live *forwarded; /* the configuration the forwarders use */
};

static int fail(const char *message, int status)
{
    fprintf(stderr, "footfall-collector: %s\n", message);
    return status;
}

static void start_forwarding(struct running *running)
{
    struct service *service = &running->service;

    running->forwarded = live_get(service->live);
    pthread_mutex_lock(&service->forward_lock);
    service->forward = forward_start(&running->forwarded->config, service->store);
    pthread_mutex_unlock(&service->forward_lock);
}

static void stop_forwarding(struct running *running)
{
    pthread_mutex_lock(&running->service.forward_lock);
    forward_stop(running->service.forward);
    running->service.forward = NULL;
    pthread_mutex_unlock(&running->service.forward_lock);
    if (running->forwarded != NULL)
        live_put(running->service.live, running->forwarded);
    running->forwarded = NULL;
}

static bool start(struct running *running, struct config *config, int fd)
{
    struct service *service = &running->service;
    struct config kept = *config; /* numbers and texts; the list of apps moves into `live` */

    kept.apps = NULL;
    pthread_mutex_init(&service->forward_lock, NULL);
    service->live = live_slot_new(config);
    service->counters = counters_new();
    service->gate = gate_new(kept.rate_limit);
    if (service->live == NULL || service->counters == NULL || service->gate == NULL ||
        counters_load(service->counters, service->store) != STORE_OK)
        return false;
    service->writer = worker_start(service, writer_work, EVENTS_WAITING_MAX);
    service->reader = worker_start(service, reader_work, PAGES_WAITING_MAX);
    service->eraser = worker_start(service, eraser_work, ERASURES_WAITING_MAX);
    running->keeper = keeper_start(service);
    if (service->writer == NULL || service->reader == NULL || service->eraser == NULL ||
        running->keeper == NULL)
        return false;
    start_forwarding(running);
    running->server = server_start(service, fd, &kept);
    return running->server != NULL;
}

/* In the order that keeps promises: answer what came in, then store the rest, then close. */
static void stop(struct running *running)
{
    struct service *service = &running->service;

    server_stop(running->server);
    worker_stop(service->writer);
    worker_stop(service->reader);
    worker_stop(service->eraser);
    reader_forget();
    if (service->live != NULL)
        stop_forwarding(running);
    keeper_stop(running->keeper);
    counters_free(service->counters);
    gate_free(service->gate);
    live_slot_free(service->live);
    if (service->store != NULL && store_sweep(service->store, SWEEP_MS) != STORE_OK)
        log_line(LOG_WARN,
                 "another program reads the store: what was erased or purged stays in its files"
                 " until that one ends, or else until the next start",
                 NULL);
    store_close(service->store);
}

static void warn_fixed(const struct config *old, const struct config *new)
{
    if (strcmp(old->listen, new->listen) != 0 || strcmp(old->db, new->db) != 0 ||
        strcmp(old->user, new->user) != 0 || old->workers != new->workers ||
        old->max_connections != new->max_connections || old->sandbox != new->sandbox)
        log_line(LOG_WARN, "listen, db, user, workers, max-connections and sandbox need a restart",
                 NULL);
}

static void reload(struct running *running, const struct options *options)
{
    struct service *service = &running->service;
    struct live *live = live_get(service->live);
    struct config config;
    char message[CONFIG_MESSAGE_MAX];
    uint32_t rate_limit;
    bool json;

    if (!config_load(&config, options->config, message) ||
        !options_apply(options, &config, message)) {
        log_line(LOG_ERROR, "not reloaded, the old configuration stays", "why", message, NULL);
        config_release(&config);
        live_put(service->live, live);
        return;
    }
    warn_fixed(&live->config, &config);
    live_put(service->live, live);
    rate_limit = config.rate_limit;
    json = strcmp(config.log, "json") == 0;
    if (!live_replace(service->live, &config)) {
        log_line(LOG_ERROR, "not reloaded", "why", "no memory", NULL);
        return;
    }
    gate_set(service->gate, rate_limit);
    log_as_json(json);
    stop_forwarding(running);
    start_forwarding(running);
    log_line(LOG_INFO, "reloaded", NULL);
    keeper_tell_leftovers(service);
}

static void reap(struct running *running)
{
    struct live *live = live_get(running->service.live);
    uint32_t most = live->config.max_connections, seconds = live->config.request_seconds;

    live_put(running->service.live, live);
    if (atomic_load(&running->service.connections) > most / 10 * 9 && seconds > HURRY_SECONDS)
        seconds = HURRY_SECONDS;
    connections_reap(seconds);
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void run(struct running *running, const struct options *options, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    int caught;

    for (;;) {
        caught = sigtimedwait(signals, NULL, &second);
        if (caught == SIGTERM || caught == SIGINT)
            return;
        if (caught == SIGHUP)
            reload(running, options);
        reap(running);
    }
}

static void announce(int fd, bool json)
{
    char address[SERVER_ADDRESS_MAX], line[SERVER_ADDRESS_MAX + 32];

    server_address(fd, address);
    snprintf(line, sizeof line, "listening on http://%s", address);
    if (json)
        log_line(LOG_INFO, line, NULL);
    else
        fprintf(stderr, "%s\n", line);
}

int serve(const struct options *options, struct config *config)
{
    static struct running running;
    struct store_options at = {.alone = true, .busy_ms = BUSY_MS};
    /* NOLINTNEXTLINE(bugprone-branch-clone): the two limits happen to be the same */
    char message[CONFIG_MESSAGE_MAX > STORE_ERROR_MAX ? CONFIG_MESSAGE_MAX : STORE_ERROR_MAX];
    char file[CONFIG_TEXT_MAX];
    bool json = strcmp(config->log, "json") == 0, sandbox = config->sandbox;
    sigset_t signals;
    int fd;

    snprintf(file, sizeof file, "%s", config->db);
    at.file = file;
    log_as_json(json);
    block_signals(&signals);
    fd = server_bind(config->listen, message);
    if (fd < 0)
        return fail(message, EXIT_STATUS_SYSTEM);
    if (!sandbox_drop_root(config->user, file, message))
        return fail(message, EXIT_STATUS_SYSTEM);
    if (store_open(&at, &running.service.store, message) != STORE_OK)
        return fail(message, EXIT_STATUS_STORE);
    if (sandbox)
        sandbox_enter(file);
    if (!start(&running, config, fd)) {
        stop(&running);
        return fail("cannot start: no memory or no threads; free some", EXIT_STATUS_SYSTEM);
    }
    announce(fd, json);
    run(&running, options, &signals);
    log_line(LOG_INFO, "ending", NULL);
    stop(&running);
    return 0;
}

/* Forwarding: events that are stored go on to Google Analytics 4 and PostHog, from threads of their
 * own, so that no service, dead or slow, ever delays an answer to a shim.
 *
 * At least once and in order: a durable cursor in the store moves on when a service has taken what
 * lies before it. */
#ifndef FOOTFALL_FORWARD_H
#define FOOTFALL_FORWARD_H

struct config;
struct store;
struct forward;

/* Starts a thread for each service that some app forwards to. NULL when there is none. What is
 * wrong with an app's settings is logged, and that app is not forwarded. Config and store must live
 * until forward_stop(). */
struct forward *forward_start(const struct config *config, struct store *store);

/* Returns within two seconds, also while a request hangs. NULL is fine. */
void forward_stop(struct forward *forward);

/* Calls line() for each line of the Prometheus text, without its newline. NULL is fine. */
void forward_metrics(struct forward *forward, void (*line)(void *context, const char *text),
                     void *context);

#endif

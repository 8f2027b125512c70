/* A delivery: what a detached process needs to know. Plain data, so that a system without fork()
 * can hand it over through a pipe. */
#ifndef FOOTFALL_JOB_H
#define FOOTFALL_JOB_H

#include <stdbool.h>

#include "app.h"
#include "cid.h"
#include "endpoint.h"
#include "event.h"
#include "plat.h"

#define RUN_NAME_MAX 33 /* bytes: 128 bits in hexadecimal, with the NUL */

struct job {
    struct event event; /* the id is still missing */
    char app[APP_NAME_MAX + 1];
    char endpoint[ENDPOINT_MAX + CID_LEN];
    bool erase; /* no event: what is stored is to be erased, and endpoint says where */
    char cacert[PLAT_PATH_MAX]; /* "": the system's */
    char run[RUN_NAME_MAX];
    unsigned deadline_ms;
    bool watch;
    bool choice_overridden; /* <APP>_TELEMETRY=1: a saved "off" does not count */
    unsigned watch_limit_ms;
    struct plat_process watched;
};

enum delivery {
    DELIVERED,
    REFUSED,       /* the collector answered, but not with 2xx */
    NOT_DELIVERED, /* no answer came */
};

struct report {
    enum delivery delivery;
    long http_status; /* 0: none came */
    char detail[160]; /* for people; "" when delivered */
};

/* named: --cacert, or NULL. The path is made to hold in whatever folder the job runs. */
void job_find_cacert(struct job *job, const char *named);

/* How long a report is worth waiting for: the deadline, and time for who was ended by it. */
static inline unsigned job_report_ms(const struct job *job)
{
    return job->deadline_ms + 500;
}

/* Delivers the event, and stays to watch the installer where the job says so. */
void job_run(const struct job *job);

/* Delivers the event and reports. */
void job_deliver(const struct job *job);

#endif

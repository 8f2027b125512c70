/* Exit statuses: documented in footfall.1 and stable. */
#ifndef FOOTFALL_STATUS_H
#define FOOTFALL_STATUS_H

enum status {
    STATUS_DONE = 0,          /* done, or delivered */
    STATUS_FAILED = 1,        /* this machine could not do it: a file, no such id */
    STATUS_USAGE = 2,         /* wrong usage */
    STATUS_SUPPRESSED = 3,    /* a gate said no */
    STATUS_NOT_DELIVERED = 4, /* no answer came from the endpoint */
    STATUS_REFUSED = 5,       /* the collector answered, but not with 2xx */
};

#endif

/* Sending an event: gates, the claim, the detached delivery. */
#ifndef FOOTFALL_EMIT_H
#define FOOTFALL_EMIT_H

#include "facts.h"
#include "options.h"

enum emitted {
    EMIT_DELIVERED,
    EMIT_SUPPRESSED,
    EMIT_WRONG_USAGE,
    EMIT_NOT_DELIVERED,
    EMIT_REFUSED
};

struct emit_result {
    enum emitted emitted;
    enum gate gate; /* EMIT_SUPPRESSED: the gate that said no */
    struct report report;
};

/* Sends the event, unless a gate says no. Returns as soon as a process of its own has taken over;
 * with wait_for_it only when that has reported. watch_pid: -1 watches nobody, 0 the parent. */
void emit_event(struct options *options, const char *label, long watch_pid, bool wait_for_it,
                struct emit_result *result);

#endif

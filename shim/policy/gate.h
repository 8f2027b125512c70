/* Should an event go out? The gates of the contract, in their order; the first that says no
 * decides. Facts come in, a decision with its reason comes out; nothing is looked up here. */
#ifndef FOOTFALL_GATE_H
#define FOOTFALL_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoint.h"

enum gate {
    GATE_OPEN,          /* nothing stops the event */
    GATE_BUILT_WITHOUT, /* before all gates of the contract */
    GATE_FLAG,
    GATE_DO_NOT_TRACK,
    GATE_NO_TELEMETRY,
    GATE_APP_NO_TELEMETRY,
    GATE_APP_TELEMETRY,
    GATE_CI,
    GATE_DEVELOPER,
    GATE_FLEET,
    GATE_CHOICE,
    GATE_CONSENT,
    GATE_ENDPOINT,
    GATE_RETIRED,
    GATE_SENT,
    GATE_NO_PLACE, /* nobody asks it before the claim fails; then nothing may be sent */
    GATES
};

/* Of the environment and the command line. Values are as found; NULL stands for not set. */
struct gate_environment {
    bool built_without; /* this program has no network */
    bool no_telemetry;  /* --no-telemetry */
    const char *do_not_track;
    const char *no_telemetry_all;
    const char *app_no_telemetry;
    const char *app_telemetry;
    const char *ci;
    bool ci_marker; /* another variable of spec/ci.txt is set and not empty */
    bool allow_ci;  /* --allow-ci or FOOTFALL_ALLOW_CI */
    const char *app_dev;
    const char *release; /* as it will be sent; of one too long for that, the end */
};

enum choice {
    CHOICE_NONE, /* nothing saved */
    CHOICE_ON,
    CHOICE_OFF, /* also when nobody can read what is saved */
};

/* Of files, and of what was sent before. */
struct gate_state {
    bool fleet_off;
    enum choice choice;
    bool needs_consent; /* --consent opt-in */
    enum endpoint endpoint;
    bool retired; /* the collector has answered 410 for this app */
    bool sent;    /* this event of this run, or the other outcome */
};

/* GATE_OPEN, or the first of gates 1 to 7 that says no. Ask before any file is touched. */
enum gate gate_check_environment(const struct gate_environment *env);

/* GATE_OPEN, or the first of the later gates that says no. */
enum gate gate_check_state(const struct gate_environment *env, const struct gate_state *state);

/* How a saved word reads; bytes are the file's content. */
enum choice gate_read_choice(const unsigned char *bytes, size_t len);

/* A stable name for programs ("do-not-track") and a line for people. Never NULL. */
const char *gate_name(enum gate gate);
const char *gate_text(enum gate gate);

#endif

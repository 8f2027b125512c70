/* Where events are kept. One small interface; SQLite (store_sqlite*.c) is its first engine.
 *
 * What a store promises:
 *   - store_append() returns STORE_OK only when the whole batch is on disk, or nothing of it is.
 *   - Daily counts are rolled up in the same transaction and never change after, so readers never
 *     scan raw events.
 *   - The raw events are also the outbox: a forwarder has a durable cursor into them, so nothing is
 *     written twice and an erased event is never forwarded.
 *   - Erasing overwrites the event in place and keeps a keyed hash of the id, never the id.
 *
 * Any thread may call anything; a store serialises its writers itself. Times are Unix seconds,
 * days are days since 1970-01-01 in UTC. Text is UTF-8 and ends with NUL. */
#ifndef FOOTFALL_STORE_H
#define FOOTFALL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "reject.h"

#define STORE_MUST_CHECK __attribute__((warn_unused_result))
#define STORE_TARGET_MAX 32 /* bytes of a forwarder's name */
#define STORE_ERROR_MAX  512

struct store;

enum store_error {
    STORE_OK,
    STORE_BUSY,    /* another process holds the lock */
    STORE_FULL,    /* no room on the disk */
    STORE_CORRUPT, /* the file is damaged, or no store at all */
    STORE_NEWER,   /* written by a newer program */
    STORE_FAILED,  /* anything else; store_message() says what */
};

struct store_options {
    const char *file;
    bool existing;    /* never creates a file: for the subcommands */
    bool alone;       /* refused with STORE_BUSY where another store is open so: for collectors,
                       * which keep tombstones and figures in memory */
    unsigned busy_ms; /* how long to wait for another process's lock */
};

/* Opens or creates the store and brings an older one up to date. On failure *store is NULL and
 * message (STORE_ERROR_MAX bytes) says what is wrong and what to do. */
STORE_MUST_CHECK enum store_error store_open(const struct store_options *options,
                                             struct store **store, char *message);

/* Writes back everything, empties the journal unless another program reads it, and frees the store.
 * NULL is fine. */
void store_close(struct store *store);

/* What went wrong last, for a log; never holds an id or a value. Owned by the store. */
const char *store_message(struct store *store);

/* ---- ingest ---- */

enum store_fate {
    STORE_KEPT,
    STORE_ERASED, /* the id was erased before: dropped, which the sender must not notice */
    STORE_CAPPED, /* the id has had its number of events for this day */
};

struct store_event {
    const struct event *event;
    const char *app;
    uint32_t cap;         /* events of one id a day, 0 = no cap */
    enum store_fate fate; /* out, when the batch was stored */
};

/* Stores the batch, received at `now`, in one durable transaction; with count 0 it still writes and
 * syncs a little, which is how health is proven. STORE_BUSY when another writer, of this process or
 * another, does not let it in within about patience_ms; then nothing has happened. */
STORE_MUST_CHECK enum store_error store_append(struct store *store, int64_t now,
                                               struct store_event *events, size_t count,
                                               unsigned patience_ms);

/* Adds to the day's counters of refused requests. app "" = no app known. */
STORE_MUST_CHECK enum store_error store_add_rejects(struct store *store, int64_t now,
                                                    const char *app,
                                                    const uint64_t counts[REJECT_REASONS]);

/* ---- figures: any thread, reads only the roll-ups ---- */

/* One daily count. The texts are valid during the call only. */
struct store_count {
    int32_t day;
    uint64_t events;
    const char *app, *label, *os, *arch, *platform, *release, *method;
};
struct store_distinct {
    int32_t day;
    const char *app;
    uint64_t ids; /* different client ids seen that day */
    bool exact;   /* false: an estimate, see store_seen.h */
};
struct store_reject {
    int32_t day;
    const char *app; /* "" = none known */
    const char *reason;
    uint64_t requests;
};
/* What is left out (NULL) is not filtered. */
struct store_filter {
    int32_t first_day, last_day; /* both included */
    const char *app, *release, *platform, *method;
};

/* Each calls row(context, ...) for every row, in order of days. */
STORE_MUST_CHECK enum store_error
store_each_count(struct store *store, const struct store_filter *filter,
                 void (*row)(void *context, const struct store_count *count), void *context);
STORE_MUST_CHECK enum store_error
store_each_distinct(struct store *store, const struct store_filter *filter,
                    void (*row)(void *context, const struct store_distinct *distinct),
                    void *context);
STORE_MUST_CHECK enum store_error
store_each_reject(struct store *store, const struct store_filter *filter,
                  void (*row)(void *context, const struct store_reject *reject), void *context);

/* Grows with every change of the figures and of the raw events; equal numbers mean equal figures.
 * Costs nothing. */
uint64_t store_generation(struct store *store);

/* ---- rights and retention ---- */

/* Erases all events of the id (its 36 characters) and bars it for ever; app NULL = of all apps.
 * Returns when that is durable. *erased is the number of events. */
STORE_MUST_CHECK enum store_error store_erase(struct store *store, const char *app, const char *cid,
                                              uint64_t *erased);

/* Deletes the raw events of days before what first_kept_day() says of their app, in small steps
 * that let the writer in between. Every app that has some is asked for, whoever configured it. */
STORE_MUST_CHECK enum store_error
store_purge(struct store *store, int32_t (*first_kept_day)(void *context, const char *app),
            void *context, uint64_t *purged);

/* Calls row() for every app that has raw events. */
STORE_MUST_CHECK enum store_error
store_each_raw_app(struct store *store, void (*row)(void *context, const char *app), void *context);

/* Notes that a purge of all apps finished; store_last_purge() is 0 when none ever did. */
STORE_MUST_CHECK enum store_error store_note_purge(struct store *store, int64_t when);
STORE_MUST_CHECK enum store_error store_last_purge(struct store *store, int64_t *when);

/* Empties the journal after an erasure or a purge, so that nothing overwritten stays in it; does
 * nothing when there was none. Holds up nobody who stores. STORE_BUSY when another program still
 * reads what was there before, after trying for patience_ms: call again later. */
STORE_MUST_CHECK enum store_error store_sweep(struct store *store, unsigned patience_ms);

/* ---- outbox: one thread per target ---- */

/* A place in the app's raw events. Zero is before the first. */
struct store_cursor {
    int32_t day;
    int64_t row;
    uint32_t index; /* within the row: the next event to deliver */
};
struct store_outgoing {
    struct event event;
    int64_t received;          /* Unix seconds */
    struct store_cursor after; /* acknowledge with this once it and all before are delivered */
};

/* The target's durable cursor for the app. A target seen for the first time starts behind the
 * newest event, so that switching forwarding on does not send the past. */
STORE_MUST_CHECK enum store_error store_outbox_open(struct store *store, const char *app,
                                                    const char *target,
                                                    struct store_cursor *cursor);

/* Up to max events from the cursor on, oldest first; *count 0 when there is none. The cursor is
 * advanced over erased events even then. */
STORE_MUST_CHECK enum store_error store_outbox_read(struct store *store, const char *app,
                                                    struct store_cursor *cursor,
                                                    struct store_outgoing *events, size_t max,
                                                    size_t *count);

/* Makes the cursor durable: events before it are not delivered again. */
STORE_MUST_CHECK enum store_error store_outbox_ack(struct store *store, const char *app,
                                                   const char *target,
                                                   const struct store_cursor *cursor);

/* Takes the number of events that were purged before the target had them: what it says once, it
 * does not say again. */
STORE_MUST_CHECK enum store_error store_outbox_purged(struct store *store, const char *app,
                                                      const char *target, uint64_t *events);

/* ---- care ---- */

/* A complete, consistent copy while the store is in use. Refuses to overwrite a file. */
STORE_MUST_CHECK enum store_error store_backup(struct store *store, const char *file);

/* Checks the file's structure, and that the daily counts equal the raw events of every day that
 * still has them. Each fault is told to fault(); *faults counts them. */
STORE_MUST_CHECK enum store_error store_check(struct store *store,
                                              void (*fault)(void *context, const char *text),
                                              void *context, uint64_t *faults);

struct store_size {
    uint64_t file_bytes, journal_bytes, raw_days;
};
STORE_MUST_CHECK enum store_error store_measure(struct store *store, struct store_size *size);

#endif

/* Inside of the SQLite engine: what its files share.
 *
 * Raw events lie in one table for each app and day, raw_<app>_<day>, so that a purge drops tables
 * and nothing ever moves an id from page to page: rows are only appended, an erasure overwrites in
 * place, and secure_delete clears dropped pages. A row holds the events of one commit, RECORD bytes
 * each: the 16 bytes of the id and the cell, little-endian; all zero is an erased event. */
#ifndef FOOTFALL_STORE_SQLITE_H
#define FOOTFALL_STORE_SQLITE_H

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "app.h"
#include "siphash.h"
#include "store.h"
#include "store_seen.h"
#include "turn.h"

#define STORE_SCHEMA    2
#define STORE_RECORD    20  /* bytes of a raw event */
#define STORE_ROW_MAX   180 /* events in a row: it must fit a page, as an id must not be split */
#define STORE_TABLE_MAX 48  /* bytes of a raw table's name */

#define CELL_CACHE_SLOTS 65536 /* a power of two; emptied when three quarters full */
#define ERASED_BITS      (1u << 20)

/* What the writer keeps of one app. */
struct store_app {
    char name[APP_NAME_MAX + 1];
    int64_t id;
    int32_t day; /* that insert and seen are for */
    sqlite3_stmt *insert;
    struct seen seen;
    uint64_t ids; /* as stored in table ids */
    bool ids_exact;
    /* of the batch at hand */
    unsigned char row[STORE_ROW_MAX * STORE_RECORD];
    size_t row_events;
    bool ids_changed;
};

struct cell_slot {
    struct siphash key;
    uint32_t cell; /* 0 = free */
};

enum store_statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_HEALTH,
    STATEMENT_COUNT,
    STATEMENT_IDS,
    STATEMENT_TOMBSTONE,
    STATEMENT_CELL_FIND,
    STATEMENT_CELL_ADD,
    STATEMENT_WORD_FIND,
    STATEMENT_WORD_ADD,
    STATEMENT_REJECT,
    STATEMENTS
};

struct store {
    /* One connection for each kind of work, each behind its lock: commits, figures, long scans. */
    sqlite3 *writer, *reader, *scanner;
    struct turn writing;
    atomic_bool overwritten; /* since the journal was last emptied; set under `writing` */
    pthread_mutex_t read_lock, scan_lock;

    int claim; /* the descriptor whose lock says that a collector runs, or -1 */

    struct siphash_key secret; /* of this store: what tombstones are hashed with */
    struct siphash_key salt;   /* of this process: the cell cache */
    sqlite3_stmt *statement[STATEMENTS];
    struct store_app **apps;
    size_t app_count;
    size_t seen_slots; /* of all apps together: the bound on their memory */
    struct cell_slot *cells;
    size_t cells_used;
    bool cells_added;                       /* in the transaction at hand */
    uint32_t erased_bits[ERASED_BITS / 32]; /* a filter in front of the tombstones */
    _Atomic uint64_t generation;
    char file[4096];
    pthread_mutex_t message_lock;
    char message[STORE_ERROR_MAX], message_copy[STORE_ERROR_MAX];
    bool existing;
    unsigned busy_ms;
};

/* Notes what store_message() is to say. */
void store_say(struct store *store, const char *why);
/* Maps what SQLite says, and notes its message. */
enum store_error store_error_of(struct store *store, sqlite3 *db, int code);

/* Runs SQL without results. */
STORE_MUST_CHECK int store_run(sqlite3 *db, const char *sql);
/* Steps a statement that returns no row, and resets it. */
STORE_MUST_CHECK int store_step(sqlite3_stmt *statement);
/* The number in the first column of the first row; untouched without a row. */
STORE_MUST_CHECK int store_number(sqlite3 *db, const char *sql, int64_t *number);

STORE_MUST_CHECK int store_begin(struct store *store);
/* Commits when code is SQLITE_OK, else rolls back; returns the first error. */
STORE_MUST_CHECK int store_end(struct store *store, int code);

/* Brings an empty or older file to STORE_SCHEMA. */
STORE_MUST_CHECK enum store_error store_migrate(sqlite3 *db, char *message);

/* The size of the file of that name with the suffix added, 0 without one. */
uint64_t store_file_bytes(const char *file, const char *suffix);

void store_table_name(int64_t app, int32_t day, char name[STORE_TABLE_MAX]);

/* The cell of an event: its seven dimensions without the id. Inside a transaction. */
STORE_MUST_CHECK int store_cell(struct store *store, const struct store_app *app,
                                const struct event *event, uint32_t *cell);
void store_cells_forget(struct store *store);

/* The writer's part for the app of that name, made when new; *app is NULL on an error. Inside a
 * transaction. */
STORE_MUST_CHECK int store_app_named(struct store *store, const char *name, struct store_app **app);
/* Makes the app's part ready for a day. Inside a transaction. */
STORE_MUST_CHECK int store_open_day(struct store *store, struct store_app *app, int32_t day);
/* Forgets all parts: after a rollback they may speak of what is not there. */
void store_apps_forget(struct store *store);
/* The app's number, 0 when it has none yet. */
STORE_MUST_CHECK int store_app_id(sqlite3 *db, const char *name, int64_t *id);

/* The raw tables. */
struct store_part {
    int64_t app;
    int32_t day;
    char name[APP_NAME_MAX + 1]; /* of the app */
};
struct store_parts {
    struct store_part *part;
    size_t count;
};
/* Those of the app (0 = all), in order of days. The caller frees parts->part. */
STORE_MUST_CHECK int store_list_parts(sqlite3 *db, int64_t app, struct store_parts *parts);

/* The keyed hash of an id within an app, or with app "" of an id as such. */
struct siphash store_id_hash(const struct store *store, const char *app,
                             const unsigned char id[16]);
void store_id_bytes(const char *cid, unsigned char id[16]);
/* True when a tombstone with this hash may exist. */
bool store_maybe_erased(const struct store *store, struct siphash hash);
void store_mark_erased(struct store *store, struct siphash hash);

uint32_t store_record_cell(const unsigned char *record);
/* The SQL function kept(events, place): how many of a row's events from that place on are there. */
void store_sql_kept(sqlite3_context *context, int count, sqlite3_value **values);

#endif

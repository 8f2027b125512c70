#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "random.h"

#define CLAIM_STEP_MS 20

static const char *const statement_sql[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_HEALTH] = "UPDATE meta SET value = value + 1 WHERE key = 'health'",
    [STATEMENT_COUNT] = "INSERT INTO counts (day, cell, events) VALUES (?1, ?2, ?3)"
                        " ON CONFLICT DO UPDATE SET events = events + excluded.events",
    [STATEMENT_IDS] = "INSERT OR REPLACE INTO ids (day, app, ids, exact) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_TOMBSTONE] = "SELECT 1 FROM tombstone WHERE hash = ?1",
    [STATEMENT_CELL_FIND] = "SELECT id FROM cell WHERE app = ?1 AND label = ?2 AND os = ?3 AND"
                            " arch = ?4 AND platform = ?5 AND release = ?6 AND method = ?7",
    [STATEMENT_CELL_ADD] = "INSERT INTO cell (app, label, os, arch, platform, release, method)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STATEMENT_WORD_FIND] = "SELECT id FROM word WHERE text = ?1",
    [STATEMENT_WORD_ADD] = "INSERT INTO word (text) VALUES (?1)",
    [STATEMENT_REJECT] = "INSERT INTO rejects (day, app, reason, requests) VALUES (?1, ?2, ?3, ?4)"
                         " ON CONFLICT DO UPDATE SET requests = requests + excluded.requests",
};

void store_say(struct store *store, const char *why)
{
    pthread_mutex_lock(&store->message_lock);
    snprintf(store->message, sizeof store->message, "%s", why);
    pthread_mutex_unlock(&store->message_lock);
}

enum store_error store_error_of(struct store *store, sqlite3 *db, int code)
{
    int number = sqlite3_system_errno(db);

    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return STORE_OK;
    store_say(store, code == SQLITE_READONLY_DBMOVED
                         ? "the file was moved, removed or exchanged; put it back, or restart"
                         : sqlite3_errstr(code));
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STORE_CORRUPT;
    case SQLITE_IOERR:
        return number == ENOSPC || number == EDQUOT ? STORE_FULL : STORE_FAILED;
    default:
        return STORE_FAILED;
    }
}

const char *store_message(struct store *store)
{
    pthread_mutex_lock(&store->message_lock);
    memcpy(store->message_copy, store->message, sizeof store->message);
    pthread_mutex_unlock(&store->message_lock);
    return store->message_copy;
}

uint64_t store_generation(struct store *store)
{
    return atomic_load(&store->generation);
}

int store_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int store_step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement), reset = sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : reset;
}

int store_number(sqlite3 *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            *number = sqlite3_column_int64(statement, 0);
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    }
    sqlite3_finalize(statement);
    return code;
}

int store_begin(struct store *store)
{
    int moved = 0;

    /* SQLite goes on in a file that has lost its name, and all that it says is stored is lost. */
    if (sqlite3_file_control(store->writer, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
        moved != 0)
        return SQLITE_READONLY_DBMOVED;
    return store_step(store->statement[STATEMENT_BEGIN]);
}

int store_end(struct store *store, int code)
{
    if (code == SQLITE_OK)
        code = store_step(store->statement[STATEMENT_COMMIT]);
    /* Some errors have rolled back already; then there is nothing left to do. */
    if (code != SQLITE_OK && !sqlite3_get_autocommit(store->writer)) {
        int rolled_back = store_step(store->statement[STATEMENT_ROLLBACK]);
        (void)rolled_back;
    }
    return code;
}

static int connect(struct store *store, const struct store_options *options, sqlite3 **db)
{
    /* The order matters: secure_delete before anything is written. */
    static const char settings[] = "PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                                   "PRAGMA wal_autocheckpoint = 1000; PRAGMA trusted_schema = OFF;";
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code;

    flags |= store->existing ? 0 : SQLITE_OPEN_CREATE;
    code = sqlite3_open_v2(store->file, db, flags, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_busy_timeout(*db, (int)options->busy_ms);
    sqlite3_extended_result_codes(*db, 1);
    return store_run(*db, settings);
}

/* A lock beside SQLite's own, which come and go: it lasts as long as the process, and a kill ends
 * it. The descriptor stays open until SQLite has closed the file, since closing any descriptor of
 * a file drops the locks that SQLite has on it. Only a lock that is taken is a no, and one that is
 * ending just now is waited for. */
static int claim(struct store *store)
{
    const struct timespec step = {.tv_nsec = CLAIM_STEP_MS * 1000000};

    store->claim = open(store->file, O_RDWR | O_CLOEXEC);
    for (unsigned ms = 0; store->claim >= 0; ms += CLAIM_STEP_MS) {
        if (flock(store->claim, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            break;
        if (ms >= store->busy_ms)
            return SQLITE_BUSY;
        nanosleep(&step, NULL);
    }
    return SQLITE_OK;
}

static int load_secret(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->writer, "SELECT value FROM meta WHERE key = 'secret'", -1,
                                  &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == (int)sizeof store->secret) {
        memcpy(&store->secret, sqlite3_column_blob(statement, 0), sizeof store->secret);
        code = SQLITE_OK;
    } else if (code == SQLITE_ROW || code == SQLITE_DONE) {
        code = SQLITE_CORRUPT;
    }
    sqlite3_finalize(statement);
    return code;
}

static int load_tombstones(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(store->writer, "SELECT hash FROM tombstone", -1, &statement, NULL);

    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct siphash hash;
        code = SQLITE_OK;
        if (sqlite3_column_bytes(statement, 0) != (int)sizeof hash)
            continue;
        memcpy(&hash, sqlite3_column_blob(statement, 0), sizeof hash);
        store_mark_erased(store, hash);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int prepare(struct store *store)
{
    int code = SQLITE_OK;

    for (int i = 0; i < STATEMENTS && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(store->writer, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &store->statement[i], NULL);
    store->cells = calloc(CELL_CACHE_SLOTS, sizeof *store->cells);
    return code != SQLITE_OK ? code : store->cells == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

static const char *remedy_of(enum store_error error)
{
    switch (error) {
    case STORE_BUSY:
        return "another collector or program holds it; end that one first";
    case STORE_FULL:
        return "make room on the disk";
    case STORE_CORRUPT:
        return "it is damaged or no footfall store; restore a backup or name another file";
    default:
        return "see that its folder exists and can be written";
    }
}

static enum store_error open_all(struct store *store, const struct store_options *options,
                                 char *message)
{
    enum store_error error;
    int code = connect(store, options, &store->writer);

    if (code == SQLITE_OK && options->alone)
        code = claim(store);
    message[0] = '\0';
    error = store_error_of(store, store->writer, code);
    if (error == STORE_OK)
        error = store_migrate(store->writer, message);
    if (error == STORE_OK) {
        code = connect(store, options, &store->reader);
        code = code == SQLITE_OK ? connect(store, options, &store->scanner) : code;
        if (code == SQLITE_OK)
            code = sqlite3_create_function(store->writer, "kept", 2, SQLITE_UTF8, NULL,
                                           store_sql_kept, NULL, NULL);
        code = code == SQLITE_OK ? load_secret(store) : code;
        code = code == SQLITE_OK ? load_tombstones(store) : code;
        code = code == SQLITE_OK ? prepare(store) : code;
        error = store_error_of(store, store->writer, code);
    }
    if (error != STORE_OK && message[0] == '\0')
        snprintf(message, STORE_ERROR_MAX, "%.200s: %s: %s; %s", store->file, "cannot be opened",
                 sqlite3_errstr(code), remedy_of(error));
    return error;
}

enum store_error store_open(const struct store_options *options, struct store **opened,
                            char *message)
{
    struct store *store = calloc(1, sizeof *store);
    mode_t old_mask;
    enum store_error error;

    *opened = NULL;
    if (store == NULL || strlen(options->file) >= sizeof store->file ||
        !random_bytes(&store->salt, sizeof store->salt)) {
        free(store);
        snprintf(message, STORE_ERROR_MAX,
                 "%.200s: cannot be opened: no memory, or the name is too long", options->file);
        return STORE_FAILED;
    }
    memcpy(store->file, options->file, strlen(options->file) + 1);
    store->claim = -1;
    store->existing = options->existing;
    store->busy_ms = options->busy_ms;
    /* A collector that was killed left its journal. */
    atomic_init(&store->overwritten, options->alone && store_file_bytes(store->file, "-wal") > 0);
    turn_init(&store->writing);
    pthread_mutex_init(&store->read_lock, NULL);
    pthread_mutex_init(&store->scan_lock, NULL);
    pthread_mutex_init(&store->message_lock, NULL);
    old_mask = umask(0077);
    error = open_all(store, options, message);
    umask(old_mask);
    if (error != STORE_OK) {
        store_close(store);
        return error;
    }
    *opened = store;
    return STORE_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_apps_forget(store);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statement[i]);
    sqlite3_close(store->scanner);
    sqlite3_close(store->reader);
    /* Emptied, not only unlinked: what was overwritten must not lie in the journal's blocks.
     * Another program that still reads is not waited for: it does the same when it is the last to
     * close. */
    sqlite3_busy_timeout(store->writer, 0);
    sqlite3_wal_checkpoint_v2(store->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_close(store->writer);
    if (store->claim >= 0)
        close(store->claim);
    free(store->apps);
    free(store->cells);
    free(store);
}

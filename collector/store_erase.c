/* Erasure and retention: what takes raw events away. Both are called by one thread only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

#define HITS_MAX   256 /* events overwritten in one transaction */
#define PURGE_ROWS 512 /* rows deleted in one transaction */

struct part {
    int64_t app;
    int32_t day;
};
struct parts {
    struct part *part;
    size_t count;
};
struct hit {
    int64_t row;
    int place;
    uint32_t cell;
};

uint32_t store_record_cell(const unsigned char *record)
{
    return (uint32_t)record[16] | (uint32_t)record[17] << 8 | (uint32_t)record[18] << 16 |
           (uint32_t)record[19] << 24;
}

/* The raw tables of the app (0 = all) of days before end. The caller frees parts->part. */
static int list_parts(struct store *store, sqlite3 *db, int64_t app, int64_t end,
                      struct parts *parts)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(db,
                           "SELECT app, day FROM part WHERE (?1 = 0 OR app = ?1) AND day < ?2"
                           " ORDER BY day",
                           -1, &statement, NULL);

    (void)store;
    memset(parts, 0, sizeof *parts);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, app);
        sqlite3_bind_int64(statement, 2, end);
    }
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct part *grown = realloc(parts->part, (parts->count + 1) * sizeof *grown);
        code = grown == NULL ? SQLITE_NOMEM : SQLITE_OK;
        if (grown == NULL)
            break;
        parts->part = grown;
        grown[parts->count].app = sqlite3_column_int64(statement, 0);
        grown[parts->count++].day = sqlite3_column_int(statement, 1);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int add_tombstone(struct store *store, struct siphash hash)
{
    sqlite3_stmt *statement = NULL;
    int code = store_begin(store);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(store->writer, "INSERT OR IGNORE INTO tombstone VALUES (?1)", -1,
                                  &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_blob(statement, 1, &hash, sizeof hash, SQLITE_STATIC);
        code = store_step(statement);
    }
    sqlite3_finalize(statement);
    code = store_end(store, code);
    if (code == SQLITE_OK)
        store_mark_erased(store, hash);
    return code;
}

/* Looks for the id behind row `after`; fills hits, sets *after to where to go on. */
static int find_hits(struct store *store, const char *table, const unsigned char id[16],
                     int64_t *after, struct hit *hits, size_t *count)
{
    char sql[128];
    sqlite3_stmt *statement = NULL;
    int code;

    *count = 0;
    snprintf(sql, sizeof sql, "SELECT row, events FROM %s WHERE row > ?1 ORDER BY row", table);
    code = sqlite3_prepare_v2(store->scanner, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        sqlite3_bind_int64(statement, 1, *after);
    while (code == SQLITE_OK && *count + STORE_ROW_MAX <= HITS_MAX &&
           (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const unsigned char *bytes = sqlite3_column_blob(statement, 1);
        int len = sqlite3_column_bytes(statement, 1);

        code = SQLITE_OK;
        *after = sqlite3_column_int64(statement, 0);
        for (int at = 0; at + STORE_RECORD <= len; at += STORE_RECORD)
            if (memcmp(bytes + at, id, 16) == 0 && store_record_cell(bytes + at) != 0 &&
                *count < HITS_MAX)
                hits[(*count)++] =
                    (struct hit){*after, at / STORE_RECORD, store_record_cell(bytes + at)};
    }
    sqlite3_finalize(statement);
    return code;
}

static int overwrite(struct store *store, const char *table, int32_t day, const struct hit *hit)
{
    static const unsigned char nothing[STORE_RECORD];
    char sql[160];
    sqlite3_blob *blob = NULL;
    int code, closed;

    code = sqlite3_blob_open(store->writer, "main", table, "events", hit->row, 1, &blob);
    if (code == SQLITE_OK)
        code = sqlite3_blob_write(blob, nothing, STORE_RECORD, hit->place * STORE_RECORD);
    closed = sqlite3_blob_close(blob);
    code = code == SQLITE_OK ? closed : code;
    snprintf(sql, sizeof sql,
             "UPDATE counts SET erased = erased + 1 WHERE day = %ld AND cell = %lu", (long)day,
             (unsigned long)hit->cell);
    return code == SQLITE_OK ? store_run(store->writer, sql) : code;
}

static int erase_hits(struct store *store, const char *table, int32_t day, const struct hit *hits,
                      size_t count)
{
    int code;

    turn_take(&store->writing);
    code = store_begin(store);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = overwrite(store, table, day, &hits[i]);
    code = store_end(store, code);
    turn_give(&store->writing);
    return code;
}

static int erase_from(struct store *store, const struct part *part, const unsigned char id[16],
                      uint64_t *erased)
{
    char table[STORE_TABLE_MAX];
    struct hit hits[HITS_MAX];
    int64_t after = 0;
    size_t count;
    int code = SQLITE_ROW;

    store_table_name(part->app, part->day, table);
    while (code != SQLITE_DONE) {
        int found = find_hits(store, table, id, &after, hits, &count);
        if (found != SQLITE_OK && found != SQLITE_DONE)
            return found;
        code = count == 0 ? SQLITE_OK : erase_hits(store, table, part->day, hits, count);
        if (code != SQLITE_OK)
            return code;
        *erased += count;
        code = found;
    }
    return SQLITE_OK;
}

static int erase_raw(struct store *store, const char *app, const unsigned char id[16],
                     uint64_t *erased)
{
    struct parts parts = {0};
    int64_t app_id = 0;
    int code = SQLITE_OK;

    if (app != NULL)
        code = store_app_id(store->scanner, app, &app_id);
    if (code == SQLITE_OK && app != NULL && app_id == 0)
        return SQLITE_OK; /* it never had an event */
    if (code == SQLITE_OK)
        code = list_parts(store, store->scanner, app_id, INT64_MAX, &parts);
    for (size_t i = 0; i < parts.count && code == SQLITE_OK; i++)
        code = erase_from(store, &parts.part[i], id, erased);
    free(parts.part);
    return code;
}

enum store_error store_erase(struct store *store, const char *app, const char *cid,
                             uint64_t *erased)
{
    unsigned char id[16];
    enum store_error error;
    int code;

    *erased = 0;
    store_id_bytes(cid, id);
    /* The bar first: from here on no late event can slip in behind the scan. */
    turn_take(&store->writing);
    code = add_tombstone(store, store_id_hash(store, app == NULL ? "" : app, id));
    error = store_error_of(store, store->writer, code);
    turn_give(&store->writing);
    if (error != STORE_OK)
        return error;
    pthread_mutex_lock(&store->scan_lock);
    error = store_error_of(store, store->scanner, erase_raw(store, app, id, erased));
    pthread_mutex_unlock(&store->scan_lock);
    return error;
}

/* One step: some of the table's first rows, or with the last of them the table itself. */
static int purge_some(struct store *store, const struct part *part, bool *more, uint64_t *events)
{
    char table[STORE_TABLE_MAX], sql[320];
    int64_t bytes = 0, rows = 0;
    int code;

    store_table_name(part->app, part->day, table);
    for (size_t i = 0; i < store->app_count; i++)
        if (store->apps[i]->id == part->app && store->apps[i]->day == part->day) {
            sqlite3_finalize(store->apps[i]->insert);
            store->apps[i]->insert = NULL;
            store->apps[i]->day = INT32_MIN;
        }
    code = store_begin(store);
    snprintf(sql, sizeof sql,
             "SELECT sum(length(events)) FROM (SELECT events FROM %s ORDER BY row"
             " LIMIT %d)",
             table, PURGE_ROWS);
    code = code == SQLITE_OK ? store_number(store->writer, sql, &bytes) : code;
    snprintf(sql, sizeof sql,
             "DELETE FROM %s WHERE row IN (SELECT row FROM %s ORDER BY row LIMIT %d)", table, table,
             PURGE_ROWS);
    code = code == SQLITE_OK ? store_run(store->writer, sql) : code;
    rows = sqlite3_changes64(store->writer);
    *more = rows == PURGE_ROWS;
    snprintf(sql, sizeof sql, "DROP TABLE %s; DELETE FROM part WHERE app = %lld AND day = %ld",
             table, (long long)part->app, (long)part->day);
    if (code == SQLITE_OK && !*more)
        code = store_run(store->writer, sql);
    code = store_end(store, code);
    *events += code == SQLITE_OK ? (uint64_t)(bytes / STORE_RECORD) : 0;
    return code;
}

static int purge_part(struct store *store, const struct part *part, uint64_t *purged)
{
    bool more = true;
    int code = SQLITE_OK;

    while (more && code == SQLITE_OK) {
        turn_take(&store->writing);
        code = purge_some(store, part, &more, purged);
        turn_give(&store->writing);
    }
    return code;
}

enum store_error store_purge(struct store *store, const char *app, int32_t first_kept_day,
                             uint64_t *purged)
{
    struct parts parts = {0};
    int64_t id = 0;
    enum store_error error;
    int code;

    *purged = 0;
    pthread_mutex_lock(&store->scan_lock);
    code = store_app_id(store->scanner, app, &id);
    if (code == SQLITE_OK && id != 0)
        code = list_parts(store, store->scanner, id, first_kept_day, &parts);
    for (size_t i = 0; i < parts.count && code == SQLITE_OK; i++)
        code = purge_part(store, &parts.part[i], purged);
    free(parts.part);
    error = store_error_of(store, store->writer, code);
    pthread_mutex_unlock(&store->scan_lock);
    return error;
}

enum store_error store_note_purge(struct store *store, int64_t when)
{
    char sql[96];
    enum store_error error;

    snprintf(sql, sizeof sql, "UPDATE meta SET value = %lld WHERE key = 'last_purge'",
             (long long)when);
    turn_take(&store->writing);
    error = store_error_of(store, store->writer, store_run(store->writer, sql));
    turn_give(&store->writing);
    return error;
}

enum store_error store_last_purge(struct store *store, int64_t *when)
{
    enum store_error error;

    *when = 0;
    pthread_mutex_lock(&store->read_lock);
    error = store_error_of(
        store, store->reader,
        store_number(store->reader, "SELECT value FROM meta WHERE key = 'last_purge'", when));
    pthread_mutex_unlock(&store->read_lock);
    return error;
}

/* Erasure: what one id left. Called by one thread only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

#define HITS_MAX 256 /* events overwritten in one transaction */

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
    atomic_store(&store->overwritten, true);
    code = store_begin(store);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = overwrite(store, table, day, &hits[i]);
    code = store_end(store, code);
    turn_give(&store->writing);
    return code;
}

static int erase_from(struct store *store, const struct store_part *part,
                      const unsigned char id[16], uint64_t *erased)
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
    struct store_parts parts = {0};
    int64_t app_id = 0;
    int code = SQLITE_OK;

    if (app != NULL)
        code = store_app_id(store->scanner, app, &app_id);
    if (code == SQLITE_OK && app != NULL && app_id == 0)
        return SQLITE_OK; /* it never had an event */
    if (code == SQLITE_OK)
        code = store_list_parts(store->scanner, app_id, &parts);
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

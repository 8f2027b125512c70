/* Retention: what takes raw events away by age. Called by one thread only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

#define PURGE_ROWS 512 /* rows deleted in one transaction */

int store_list_parts(sqlite3 *db, int64_t app, struct store_parts *parts)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(db,
                           "SELECT p.app, p.day, a.name FROM part p JOIN app a ON a.id = p.app"
                           " WHERE ?1 = 0 OR p.app = ?1 ORDER BY p.day",
                           -1, &statement, NULL);

    memset(parts, 0, sizeof *parts);
    if (code == SQLITE_OK)
        sqlite3_bind_int64(statement, 1, app);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct store_part *grown = realloc(parts->part, (parts->count + 1) * sizeof *grown);
        code = grown == NULL ? SQLITE_NOMEM : SQLITE_OK;
        if (grown == NULL)
            break;
        parts->part = grown;
        grown += parts->count++;
        grown->app = sqlite3_column_int64(statement, 0);
        grown->day = sqlite3_column_int(statement, 1);
        snprintf(grown->name, sizeof grown->name, "%s",
                 (const char *)sqlite3_column_text(statement, 2));
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* One step: some of the table's first rows, or with the last of them the table itself. */
static int purge_some(struct store *store, const struct store_part *part, bool *more,
                      uint64_t *events)
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

static int purge_part(struct store *store, const struct store_part *part, uint64_t *purged)
{
    bool more = true;
    int code = SQLITE_OK;

    while (more && code == SQLITE_OK) {
        turn_take(&store->writing);
        atomic_store(&store->overwritten, true);
        code = purge_some(store, part, &more, purged);
        turn_give(&store->writing);
    }
    return code;
}

enum store_error store_purge(struct store *store,
                             int32_t (*first_kept_day)(void *context, const char *app),
                             void *context, uint64_t *purged)
{
    struct store_parts parts = {0};
    enum store_error error;
    int code;

    *purged = 0;
    pthread_mutex_lock(&store->scan_lock);
    code = store_list_parts(store->scanner, 0, &parts);
    for (size_t i = 0; i < parts.count && code == SQLITE_OK; i++)
        if (parts.part[i].day < first_kept_day(context, parts.part[i].name))
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

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

void store_sql_kept(sqlite3_context *context, int count, sqlite3_value **values)
{
    const unsigned char *bytes = sqlite3_value_blob(values[0]);
    int len = sqlite3_value_bytes(values[0]);
    sqlite3_int64 kept = 0;

    (void)count;
    for (sqlite3_int64 at = sqlite3_value_int64(values[1]) * STORE_RECORD; at + STORE_RECORD <= len;
         at += STORE_RECORD)
        kept += store_record_cell(bytes + at) != 0 ? 1 : 0;
    sqlite3_result_int64(context, kept);
}

/* The writer's part for this day is no more. */
static void forget_day(struct store *store, const struct store_part *part)
{
    for (size_t i = 0; i < store->app_count; i++)
        if (store->apps[i]->id == part->app && store->apps[i]->day == part->day) {
            sqlite3_finalize(store->apps[i]->insert);
            store->apps[i]->insert = NULL;
            store->apps[i]->day = INT32_MIN;
        }
}

/* Notes for each target which of these rows it has not had. */
static int note_unsent(struct store *store, const struct store_part *part, const char *rows)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "UPDATE cursor SET purged = purged + (SELECT coalesce(sum(kept(r.events,"
             " CASE WHEN cursor.day = %ld AND cursor.row = r.row THEN cursor.place ELSE 0 END)), 0)"
             " FROM (%s) r WHERE cursor.day < %ld OR r.row >= cursor.row)"
             " WHERE app = %lld AND day <= %ld",
             (long)part->day, rows, (long)part->day, (long long)part->app, (long)part->day);
    return store_run(store->writer, sql);
}

/* One step: some of the table's first rows, or with the last of them the table itself. */
static int purge_some(struct store *store, const struct store_part *part, bool *more,
                      uint64_t *events)
{
    char table[STORE_TABLE_MAX], rows[128], sql[320];
    int64_t kept = 0;
    int code;

    store_table_name(part->app, part->day, table);
    snprintf(rows, sizeof rows, "SELECT row, events FROM %s ORDER BY row LIMIT %d", table,
             PURGE_ROWS);
    forget_day(store, part);
    code = store_begin(store);
    snprintf(sql, sizeof sql, "SELECT sum(kept(events, 0)) FROM (%s)", rows);
    code = code == SQLITE_OK ? store_number(store->writer, sql, &kept) : code;
    code = code == SQLITE_OK ? note_unsent(store, part, rows) : code;
    snprintf(sql, sizeof sql, "DELETE FROM %s WHERE row IN (SELECT row FROM (%s))", table, rows);
    code = code == SQLITE_OK ? store_run(store->writer, sql) : code;
    *more = sqlite3_changes64(store->writer) == PURGE_ROWS;
    snprintf(sql, sizeof sql, "DROP TABLE %s; DELETE FROM part WHERE app = %lld AND day = %ld",
             table, (long long)part->app, (long)part->day);
    if (code == SQLITE_OK && !*more)
        code = store_run(store->writer, sql);
    code = store_end(store, code);
    *events += code == SQLITE_OK ? (uint64_t)kept : 0;
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
    if (*purged > 0)
        atomic_fetch_add(&store->generation, 1);
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

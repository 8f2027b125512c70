/* The raw table of an app and day, and what the writer has to know of it. */
#include <stdio.h>

#include "store_sqlite.h"

/* After a start, or when the clock crossed midnight: what the day has seen so far. */
static int load_day(struct store *store, struct store_app *app, int32_t day, const char *table)
{
    char sql[160];
    sqlite3_stmt *statement = NULL;
    int code;

    seen_clear(&app->seen);
    app->ids = 0;
    app->ids_exact = true;
    snprintf(sql, sizeof sql, "SELECT ids, exact FROM ids WHERE day = %ld AND app = %lld",
             (long)day, (long long)app->id);
    code = sqlite3_prepare_v2(store->writer, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        app->ids = (uint64_t)sqlite3_column_int64(statement, 0);
        app->ids_exact = sqlite3_column_int(statement, 1) != 0;
    }
    sqlite3_finalize(statement);
    snprintf(sql, sizeof sql, "SELECT events FROM %s", table);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(store->writer, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const unsigned char *record = sqlite3_column_blob(statement, 0);
        const unsigned char *end = record + sqlite3_column_bytes(statement, 0);

        code = SQLITE_OK;
        for (; end - record >= STORE_RECORD; record += STORE_RECORD)
            if (store_record_cell(record) != 0)
                seen_add(&app->seen, store_id_hash(store, app->name, record).word[1], 0,
                         &store->seen_slots);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int store_open_day(struct store *store, struct store_app *app, int32_t day)
{
    char table[STORE_TABLE_MAX], sql[256];
    int code;

    sqlite3_finalize(app->insert);
    app->insert = NULL;
    app->day = INT32_MIN;
    store_table_name(app->id, day, table);
    snprintf(sql, sizeof sql,
             "CREATE TABLE IF NOT EXISTS %s (row INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
             " events BLOB NOT NULL); INSERT OR IGNORE INTO part VALUES (%lld, %ld)",
             table, (long long)app->id, (long)day);
    code = store_run(store->writer, sql);
    if (code != SQLITE_OK)
        return code;
    code = load_day(store, app, day, table);
    snprintf(sql, sizeof sql, "INSERT INTO %s (at, events) VALUES (?1, ?2)", table);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(store->writer, sql, -1, SQLITE_PREPARE_PERSISTENT, &app->insert,
                                  NULL);
    if (code == SQLITE_OK)
        app->day = day;
    return code;
}

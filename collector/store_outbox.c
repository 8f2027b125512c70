/* The outbox is the raw events themselves, read from a durable cursor on. */
#include <stdio.h>
#include <string.h>

#include "cid.h"
#include "store_sqlite.h"

/* Where the newest event of the app ends. */
static int find_end(struct store *store, int64_t app, struct store_cursor *cursor)
{
    char sql[128], table[STORE_TABLE_MAX];
    int64_t day = 0, row = 0;
    int code;

    snprintf(sql, sizeof sql, "SELECT max(day) FROM part WHERE app = %lld", (long long)app);
    code = store_number(store->writer, sql, &day);
    if (code != SQLITE_OK || day == 0)
        return code;
    store_table_name(app, (int32_t)day, table);
    snprintf(sql, sizeof sql, "SELECT max(row) FROM %s", table);
    code = store_number(store->writer, sql, &row);
    *cursor = (struct store_cursor){.day = (int32_t)day, .row = row + 1, .index = 0};
    return code;
}

static int save(struct store *store, int64_t app, const char *target,
                const struct store_cursor *cursor)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->writer,
                                  "INSERT INTO cursor (app, target, day, row, place)"
                                  " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
                                  " day = excluded.day, row = excluded.row, place = excluded.place",
                                  -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, app);
        sqlite3_bind_text(statement, 2, target, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, cursor->day);
        sqlite3_bind_int64(statement, 4, cursor->row);
        sqlite3_bind_int64(statement, 5, cursor->index);
        code = store_step(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

static int load(struct store *store, int64_t app, const char *target, struct store_cursor *cursor,
                bool *found)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->writer,
                                  "SELECT day, row, place FROM cursor WHERE app = ?1"
                                  " AND target = ?2",
                                  -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, app);
        sqlite3_bind_text(statement, 2, target, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    *found = code == SQLITE_ROW;
    if (*found)
        *cursor = (struct store_cursor){.day = sqlite3_column_int(statement, 0),
                                        .row = sqlite3_column_int64(statement, 1),
                                        .index = (uint32_t)sqlite3_column_int64(statement, 2)};
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

enum store_error store_outbox_open(struct store *store, const char *app, const char *target,
                                   struct store_cursor *cursor)
{
    struct store_app *part = NULL;
    enum store_error error;
    bool found = false;
    int code;

    memset(cursor, 0, sizeof *cursor);
    turn_take(&store->writing);
    code = store_begin(store);
    code = code == SQLITE_OK ? store_app_named(store, app, &part) : code;
    code = code == SQLITE_OK ? load(store, part->id, target, cursor, &found) : code;
    if (code == SQLITE_OK && !found) {
        code = find_end(store, part->id, cursor);
        code = code == SQLITE_OK ? save(store, part->id, target, cursor) : code;
    }
    code = store_end(store, code);
    if (code != SQLITE_OK)
        store_apps_forget(store);
    error = store_error_of(store, store->writer, code);
    turn_give(&store->writing);
    return error;
}

enum store_error store_outbox_ack(struct store *store, const char *app, const char *target,
                                  const struct store_cursor *cursor)
{
    enum store_error error;
    int64_t id = 0;
    int code;

    turn_take(&store->writing);
    code = store_begin(store);
    code = code == SQLITE_OK ? store_app_id(store->writer, app, &id) : code;
    code = code == SQLITE_OK ? save(store, id, target, cursor) : code;
    code = store_end(store, code);
    error = store_error_of(store, store->writer, code);
    turn_give(&store->writing);
    return error;
}

/* Runs a statement about the target's cursor; *number goes in as ?3, and comes out of a first row.
 */
static int ask_cursor(sqlite3 *db, const char *sql, const char *app, const char *target,
                      int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, app, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, target, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, *number);
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Mostly there is nothing, which is seen without writing. */
enum store_error store_outbox_purged(struct store *store, const char *app, const char *target,
                                     uint64_t *events)
{
    static const char look[] = "SELECT purged FROM cursor WHERE target = ?2 AND purged > ?3"
                               " AND app = (SELECT id FROM app WHERE name = ?1)";
    static const char take[] = "UPDATE cursor SET purged = purged - ?3 WHERE target = ?2"
                               " AND app = (SELECT id FROM app WHERE name = ?1)";
    enum store_error error;
    int64_t number = 0;

    pthread_mutex_lock(&store->read_lock);
    error =
        store_error_of(store, store->reader, ask_cursor(store->reader, look, app, target, &number));
    pthread_mutex_unlock(&store->read_lock);
    if (error == STORE_OK && number > 0) {
        turn_take(&store->writing);
        error = store_error_of(store, store->writer,
                               ask_cursor(store->writer, take, app, target, &number));
        turn_give(&store->writing);
    }
    *events = error == STORE_OK ? (uint64_t)number : 0;
    return error;
}

static int unpack(struct store *store, const unsigned char *record, struct store_outgoing *out)
{
    static const enum event_member member[] = {EVENT_LABEL,    EVENT_OS,      EVENT_ARCH,
                                               EVENT_PLATFORM, EVENT_RELEASE, EVENT_METHOD};
    static const char sql[] =
        "SELECT l.text, o.text, h.text, p.text, r.text, m.text FROM cell e"
        " JOIN word l ON l.id = e.label JOIN word o ON o.id = e.os JOIN word h ON h.id = e.arch"
        " JOIN word p ON p.id = e.platform JOIN word r ON r.id = e.release"
        " JOIN word m ON m.id = e.method WHERE e.id = ?1";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->reader, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, store_record_cell(record));
        code = sqlite3_step(statement);
    }
    for (int i = 0; code == SQLITE_ROW && i < (int)(sizeof member / sizeof member[0]); i++)
        snprintf(out->event.value[member[i]], sizeof out->event.value[member[i]], "%s",
                 (const char *)sqlite3_column_text(statement, i));
    cid_format(record, out->event.value[EVENT_CID]);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code == SQLITE_DONE ? SQLITE_CORRUPT : code;
}

/* The events of one row from the cursor on. */
static int read_row(struct store *store, sqlite3_stmt *statement, struct store_cursor *cursor,
                    struct store_outgoing *events, size_t max, size_t *count)
{
    const unsigned char *bytes = sqlite3_column_blob(statement, 2);
    uint32_t held = (uint32_t)(sqlite3_column_bytes(statement, 2) / STORE_RECORD);
    int64_t row = sqlite3_column_int64(statement, 0);
    int code = SQLITE_OK;

    if (row != cursor->row)
        cursor->index = 0;
    cursor->row = row;
    while (cursor->index < held && *count < max && code == SQLITE_OK) {
        const unsigned char *record = bytes + cursor->index * STORE_RECORD;

        cursor->index++;
        if (store_record_cell(record) == 0)
            continue;
        code = unpack(store, record, &events[*count]);
        events[*count].received = sqlite3_column_int64(statement, 1);
        events[*count].after = *cursor;
        *count += code == SQLITE_OK ? 1 : 0;
    }
    return code;
}

static int read_day(struct store *store, int64_t app, struct store_cursor *cursor,
                    struct store_outgoing *events, size_t max, size_t *count)
{
    char table[STORE_TABLE_MAX], sql[160];
    sqlite3_stmt *statement = NULL;
    int code;

    store_table_name(app, cursor->day, table);
    snprintf(sql, sizeof sql, "SELECT row, at, events FROM %s WHERE row >= %lld ORDER BY row",
             table, (long long)cursor->row);
    code = sqlite3_prepare_v2(store->reader, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && *count < max && (code = sqlite3_step(statement)) == SQLITE_ROW)
        code = read_row(store, statement, cursor, events, max, count);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The app's first day from `day` on that has a table, 0 = none. */
static int next_day(struct store *store, int64_t app, int64_t day, int64_t *next)
{
    char sql[128];

    *next = 0;
    snprintf(sql, sizeof sql, "SELECT min(day) FROM part WHERE app = %lld AND day >= %lld",
             (long long)app, (long long)day);
    return store_number(store->reader, sql, next);
}

static int read_from(struct store *store, const char *app, struct store_cursor *cursor,
                     struct store_outgoing *events, size_t max, size_t *count)
{
    int64_t id, day = 0;
    int code = store_app_id(store->reader, app, &id);

    if (code == SQLITE_OK)
        code = next_day(store, id, cursor->day, &day);
    while (code == SQLITE_OK && day != 0) {
        if (day != cursor->day)
            *cursor = (struct store_cursor){.day = (int32_t)day};
        code = read_day(store, id, cursor, events, max, count);
        if (code != SQLITE_OK || *count == max)
            break;
        /* Stay on the last day: more may come. */
        code = next_day(store, id, cursor->day + 1, &day);
    }
    return code;
}

enum store_error store_outbox_read(struct store *store, const char *app,
                                   struct store_cursor *cursor, struct store_outgoing *events,
                                   size_t max, size_t *count)
{
    enum store_error error;
    int code;

    *count = 0;
    pthread_mutex_lock(&store->read_lock);
    /* One snapshot, or a day could be purged between finding and reading it. */
    code = store_run(store->reader, "BEGIN");
    if (code == SQLITE_OK) {
        code = read_from(store, app, cursor, events, max, count);
        if (store_run(store->reader, "COMMIT") != SQLITE_OK && code == SQLITE_OK)
            code = SQLITE_ERROR;
    }
    error = store_error_of(store, store->reader, code);
    pthread_mutex_unlock(&store->read_lock);
    return error;
}

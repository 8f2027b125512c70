/* What readers ask: the roll-ups, never the raw events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

static enum store_error walk_rows(struct store *store, const char *sql,
                                  const struct store_filter *filter,
                                  void (*row)(void *, sqlite3_stmt *), void *context)
{
    sqlite3_stmt *statement = NULL;
    enum store_error error;
    int code;

    pthread_mutex_lock(&store->read_lock);
    code = sqlite3_prepare_v2(store->reader, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, filter->first_day);
        sqlite3_bind_int64(statement, 2, filter->last_day);
        if (filter->app != NULL)
            sqlite3_bind_text(statement, 3, filter->app, -1, SQLITE_STATIC);
    }
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        row(context, statement);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    error = store_error_of(store, store->reader, code);
    pthread_mutex_unlock(&store->read_lock);
    return error;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text == NULL ? "" : (const char *)text;
}

/* Daily counts are many and name few cells, so a cell is looked up once and then remembered, as
 * long as no other takes its slot. */
#define CELL_SLOTS 4096

enum cell_text {
    CELL_APP,
    CELL_LABEL,
    CELL_OS,
    CELL_ARCH,
    CELL_PLATFORM,
    CELL_RELEASE,
    CELL_METHOD,
    CELL_TEXTS
};

struct cell {
    int64_t id; /* 0 = free */
    bool wanted;
    char text[CELL_TEXTS][EVENT_VALUE_MAX + 1];
};

struct count_walk {
    const struct store_filter *filter;
    void (*row)(void *context, const struct store_count *count);
    void *context;
    sqlite3_stmt *counts, *look;
    struct cell *cells;
};

static bool passes(const char *filter, const char *text)
{
    return filter == NULL || strcmp(filter, text) == 0;
}

static int load_cell(struct count_walk *walk, int64_t id, struct cell *cell)
{
    const struct store_filter *filter = walk->filter;
    int code;

    sqlite3_bind_int64(walk->look, 1, id);
    code = sqlite3_step(walk->look);
    for (int i = 0; i < CELL_TEXTS && code == SQLITE_ROW; i++)
        snprintf(cell->text[i], sizeof cell->text[i], "%s", text_of(walk->look, i));
    sqlite3_reset(walk->look);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
    cell->id = id;
    cell->wanted = passes(filter->app, cell->text[CELL_APP]) &&
                   passes(filter->release, cell->text[CELL_RELEASE]) &&
                   passes(filter->platform, cell->text[CELL_PLATFORM]) &&
                   passes(filter->method, cell->text[CELL_METHOD]);
    return SQLITE_OK;
}

static int give_count(struct count_walk *walk)
{
    int64_t id = sqlite3_column_int64(walk->counts, 1);
    struct cell *cell = &walk->cells[(uint64_t)id % CELL_SLOTS];
    int code = cell->id == id ? SQLITE_OK : load_cell(walk, id, cell);

    if (code == SQLITE_OK && cell->wanted) {
        struct store_count count = {
            .day = sqlite3_column_int(walk->counts, 0),
            .events = (uint64_t)sqlite3_column_int64(walk->counts, 2),
            .app = cell->text[CELL_APP],
            .label = cell->text[CELL_LABEL],
            .os = cell->text[CELL_OS],
            .arch = cell->text[CELL_ARCH],
            .platform = cell->text[CELL_PLATFORM],
            .release = cell->text[CELL_RELEASE],
            .method = cell->text[CELL_METHOD],
        };
        walk->row(walk->context, &count);
    }
    return code;
}

static int walk_counts(struct store *store, struct count_walk *walk)
{
    int code = sqlite3_prepare_v2(store->reader,
                                  "SELECT day, cell, events FROM counts WHERE day BETWEEN ?1 AND ?2"
                                  " ORDER BY day, cell",
                                  -1, &walk->counts, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            store->reader,
            "SELECT a.name, l.text, o.text, h.text, p.text, r.text, m.text FROM cell e"
            " JOIN app a ON a.id = e.app JOIN word l ON l.id = e.label JOIN word o ON o.id = e.os"
            " JOIN word h ON h.id = e.arch JOIN word p ON p.id = e.platform"
            " JOIN word r ON r.id = e.release JOIN word m ON m.id = e.method WHERE e.id = ?1",
            -1, &walk->look, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(walk->counts, 1, walk->filter->first_day);
        sqlite3_bind_int64(walk->counts, 2, walk->filter->last_day);
    }
    while (code == SQLITE_OK && (code = sqlite3_step(walk->counts)) == SQLITE_ROW)
        code = give_count(walk);
    sqlite3_finalize(walk->counts);
    sqlite3_finalize(walk->look);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

enum store_error store_each_count(struct store *store, const struct store_filter *filter,
                                  void (*row)(void *context, const struct store_count *count),
                                  void *context)
{
    struct count_walk walk = {.filter = filter,
                              .row = row,
                              .context = context,
                              .cells = calloc(CELL_SLOTS, sizeof *walk.cells)};
    enum store_error error;

    if (walk.cells == NULL)
        return STORE_FAILED;
    pthread_mutex_lock(&store->read_lock);
    error = store_error_of(store, store->reader, walk_counts(store, &walk));
    pthread_mutex_unlock(&store->read_lock);
    free(walk.cells);
    return error;
}

struct distinct_call {
    void (*row)(void *context, const struct store_distinct *distinct);
    void *context;
};

static void distinct_row(void *context, sqlite3_stmt *statement)
{
    struct distinct_call *call = context;
    struct store_distinct distinct = {
        .day = sqlite3_column_int(statement, 0),
        .app = text_of(statement, 1),
        .ids = (uint64_t)sqlite3_column_int64(statement, 2),
        .exact = sqlite3_column_int(statement, 3) != 0,
    };
    call->row(call->context, &distinct);
}

enum store_error store_each_distinct(struct store *store, const struct store_filter *filter,
                                     void (*row)(void *context,
                                                 const struct store_distinct *distinct),
                                     void *context)
{
    static const char sql[] =
        "SELECT i.day, a.name, i.ids, i.exact FROM ids i JOIN app a ON a.id = i.app"
        " WHERE i.day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR a.name = ?3)"
        " ORDER BY i.day";
    struct distinct_call call = {row, context};

    return walk_rows(store, sql, filter, distinct_row, &call);
}

struct reject_call {
    void (*row)(void *context, const struct store_reject *reject);
    void *context;
};

static void reject_row(void *context, sqlite3_stmt *statement)
{
    struct reject_call *call = context;
    struct store_reject reject = {
        .day = sqlite3_column_int(statement, 0),
        .app = text_of(statement, 1),
        .reason = text_of(statement, 2),
        .requests = (uint64_t)sqlite3_column_int64(statement, 3),
    };
    call->row(call->context, &reject);
}

enum store_error store_each_reject(struct store *store, const struct store_filter *filter,
                                   void (*row)(void *context, const struct store_reject *reject),
                                   void *context)
{
    static const char sql[] =
        "SELECT day, app, reason, requests FROM rejects"
        " WHERE day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR app = ?3) ORDER BY day";
    struct reject_call call = {row, context};

    return walk_rows(store, sql, filter, reject_row, &call);
}

struct app_call {
    void (*row)(void *context, const char *app);
    void *context;
};

static void app_row(void *context, sqlite3_stmt *statement)
{
    struct app_call *call = context;

    call->row(call->context, text_of(statement, 0));
}

enum store_error store_each_raw_app(struct store *store,
                                    void (*row)(void *context, const char *app), void *context)
{
    static const char sql[] =
        "SELECT name FROM app WHERE id IN (SELECT app FROM part) ORDER BY name";
    static const struct store_filter all = {0, 0, NULL, NULL, NULL, NULL};
    struct app_call call = {row, context};

    return walk_rows(store, sql, &all, app_row, &call);
}

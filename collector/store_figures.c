/* What readers ask: the roll-ups, never the raw events. */
#include <string.h>

#include "store_sqlite.h"

/* Runs over the rows of a statement whose parameters are the filter's. */
struct walk {
    struct store *store;
    const struct store_filter *filter;
    void (*row)(void *, sqlite3_stmt *);
    void *context;
};

static void bind_text_or_null(sqlite3_stmt *statement, int index, const char *text)
{
    if (index <= sqlite3_bind_parameter_count(statement) && text != NULL)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

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
        bind_text_or_null(statement, 3, filter->app);
        bind_text_or_null(statement, 4, filter->release);
        bind_text_or_null(statement, 5, filter->platform);
        bind_text_or_null(statement, 6, filter->method);
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

struct count_call {
    void (*row)(void *context, const struct store_count *count);
    void *context;
};

static void count_row(void *context, sqlite3_stmt *statement)
{
    struct count_call *call = context;
    struct store_count count = {
        .day = sqlite3_column_int(statement, 0),
        .events = (uint64_t)sqlite3_column_int64(statement, 1),
        .app = text_of(statement, 2),
        .label = text_of(statement, 3),
        .os = text_of(statement, 4),
        .arch = text_of(statement, 5),
        .platform = text_of(statement, 6),
        .release = text_of(statement, 7),
        .method = text_of(statement, 8),
    };
    call->row(call->context, &count);
}

enum store_error store_each_count(struct store *store, const struct store_filter *filter,
                                  void (*row)(void *context, const struct store_count *count),
                                  void *context)
{
    /* CROSS JOIN fixes the order: days first, everything else looked up by number. */
    static const char sql[] =
        "SELECT c.day, c.events, a.name, l.text, o.text, h.text, p.text, r.text, m.text"
        " FROM counts c CROSS JOIN cell e ON e.id = c.cell CROSS JOIN app a ON a.id = e.app"
        " CROSS JOIN word l ON l.id = e.label CROSS JOIN word o ON o.id = e.os"
        " CROSS JOIN word h ON h.id = e.arch CROSS JOIN word p ON p.id = e.platform"
        " CROSS JOIN word r ON r.id = e.release CROSS JOIN word m ON m.id = e.method"
        " WHERE c.day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR a.name = ?3)"
        " AND (?4 IS NULL OR r.text = ?4) AND (?5 IS NULL OR p.text = ?5)"
        " AND (?6 IS NULL OR m.text = ?6) ORDER BY c.day";
    struct count_call call = {row, context};

    return walk_rows(store, sql, filter, count_row, &call);
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

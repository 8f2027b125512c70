#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

#define DAY_SECONDS 86400
#define TALLY_SLOTS 256 /* cells of one batch that are added up before they are written */

struct tally {
    uint32_t cell[TALLY_SLOTS];
    uint64_t events[TALLY_SLOTS];
    size_t used;
};

struct batch {
    struct store *store;
    int64_t now;
    int32_t day;
    struct tally tally;
    size_t taken; /* events looked at, for undo() */
    bool opened;  /* a day was opened, so the memory of it may be wrong after a rollback */
};

void store_id_bytes(const char *cid, unsigned char id[16])
{
    for (size_t i = 0, at = 0; i < 16; at++) {
        if (cid[at] == '-')
            continue;
        unsigned high = (unsigned char)cid[at], low = (unsigned char)cid[at + 1];
        high = high <= '9' ? high - '0' : high - 'a' + 10;
        low = low <= '9' ? low - '0' : low - 'a' + 10;
        id[i++] = (unsigned char)(high << 4 | low);
        at++;
    }
}

struct siphash store_id_hash(const struct store *store, const char *app, const unsigned char id[16])
{
    unsigned char text[16 + APP_NAME_MAX];
    size_t len = strlen(app);

    memcpy(text, id, 16);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes to be hashed */
    memcpy(text + 16, app, len);
    return siphash_of(&store->secret, text, 16 + len);
}

/* Three bits for each hash. */
static uint32_t erased_bit(struct siphash hash, int i)
{
    return (uint32_t)(hash.word[0] >> (20 * i)) % ERASED_BITS;
}

void store_mark_erased(struct store *store, struct siphash hash)
{
    for (int i = 0; i < 3; i++)
        store->erased_bits[erased_bit(hash, i) / 32] |= 1u << erased_bit(hash, i) % 32;
}

bool store_maybe_erased(const struct store *store, struct siphash hash)
{
    for (int i = 0; i < 3; i++)
        if ((store->erased_bits[erased_bit(hash, i) / 32] >> erased_bit(hash, i) % 32 & 1) == 0)
            return false;
    return true;
}

static int is_erased(struct store *store, struct siphash hash, bool *erased)
{
    sqlite3_stmt *statement = store->statement[STATEMENT_TOMBSTONE];
    int code;

    if (!store_maybe_erased(store, hash))
        return SQLITE_OK;
    sqlite3_bind_blob(statement, 1, &hash, sizeof hash, SQLITE_STATIC);
    code = sqlite3_step(statement);
    *erased = *erased || code == SQLITE_ROW;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_row(struct batch *batch, struct store_app *app)
{
    int code;

    if (app->row_events == 0)
        return SQLITE_OK;
    sqlite3_bind_int64(app->insert, 1, batch->now);
    sqlite3_bind_blob(app->insert, 2, app->row, (int)(app->row_events * STORE_RECORD),
                      SQLITE_STATIC);
    code = store_step(app->insert);
    app->row_events = 0;
    return code;
}

static int write_tally(struct batch *batch)
{
    sqlite3_stmt *statement = batch->store->statement[STATEMENT_COUNT];
    struct tally *tally = &batch->tally;
    int code = SQLITE_OK;

    for (size_t i = 0; i < tally->used && code == SQLITE_OK; i++) {
        sqlite3_bind_int64(statement, 1, batch->day);
        sqlite3_bind_int64(statement, 2, tally->cell[i]);
        sqlite3_bind_int64(statement, 3, (sqlite3_int64)tally->events[i]);
        code = store_step(statement);
    }
    tally->used = 0;
    return code;
}

static int count(struct batch *batch, uint32_t cell)
{
    struct tally *tally = &batch->tally;
    size_t i = 0;
    int code;

    while (i < tally->used && tally->cell[i] != cell)
        i++;
    if (i == TALLY_SLOTS) {
        code = write_tally(batch);
        if (code != SQLITE_OK)
            return code;
        i = 0;
    }
    if (i == tally->used) {
        tally->cell[i] = cell;
        tally->events[i] = 0;
        tally->used++;
    }
    tally->events[i]++;
    return SQLITE_OK;
}

static int keep(struct batch *batch, struct store_app *app, const struct event *event,
                const unsigned char id[16])
{
    unsigned char *record = app->row + app->row_events * STORE_RECORD;
    uint32_t cell;
    int code = store_cell(batch->store, app, event, &cell);

    if (code != SQLITE_OK)
        return code;
    memcpy(record, id, 16);
    for (int i = 0; i < 4; i++)
        record[16 + i] = (unsigned char)(cell >> 8 * i);
    code = count(batch, cell);
    if (++app->row_events == STORE_ROW_MAX && code == SQLITE_OK)
        code = write_row(batch, app);
    return code;
}

/* The app's part of the writer, ready for the day. */
static int app_for(struct batch *batch, const char *name, struct store_app **app)
{
    int code = store_app_named(batch->store, name, app);

    if (code == SQLITE_OK && (*app)->day != batch->day) {
        batch->opened = true;
        code = store_open_day(batch->store, *app, batch->day);
    }
    return code;
}

static int take(struct batch *batch, struct store_event *event)
{
    struct store *store = batch->store;
    struct store_app *app;
    unsigned char id[16];
    struct siphash hash;
    bool erased = false;
    int code = app_for(batch, event->app, &app);

    event->fate = STORE_ERASED;
    if (code != SQLITE_OK)
        return code;
    store_id_bytes(event->event->value[EVENT_CID], id);
    hash = store_id_hash(store, event->app, id);
    code = is_erased(store, hash, &erased);
    if (code == SQLITE_OK)
        code = is_erased(store, store_id_hash(store, "", id), &erased);
    if (code != SQLITE_OK || erased)
        return code;
    switch (seen_add(&app->seen, hash.word[1], event->cap, &store->seen_slots)) {
    case SEEN_CAPPED:
        event->fate = STORE_CAPPED;
        return SQLITE_OK;
    case SEEN_NEW:
        app->ids++;
        app->ids_changed = true;
        break;
    case SEEN_UNTRACKED:
        app->ids_exact = false;
        app->ids_changed = true;
        break;
    case SEEN_AGAIN:
        break;
    }
    event->fate = STORE_KEPT;
    return keep(batch, app, event->event, id);
}

static int write_ids(struct batch *batch, struct store_app *app)
{
    sqlite3_stmt *statement = batch->store->statement[STATEMENT_IDS];

    if (!app->ids_changed)
        return SQLITE_OK;
    if (!app->ids_exact && seen_estimate(&app->seen) > app->ids)
        app->ids = seen_estimate(&app->seen);
    sqlite3_bind_int64(statement, 1, batch->day);
    sqlite3_bind_int64(statement, 2, app->id);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)app->ids);
    sqlite3_bind_int(statement, 4, app->ids_exact ? 1 : 0);
    app->ids_changed = false;
    return store_step(statement);
}

/* Nothing was stored, so nothing was seen. A day opened in vain is forgotten as a whole. */
static void undo(struct batch *batch, const struct store_event *events)
{
    struct store *store = batch->store;
    struct store_app *app;
    unsigned char id[16];

    for (size_t i = 0; i < batch->taken && !batch->opened; i++) {
        if (events[i].fate != STORE_KEPT ||
            store_app_named(store, events[i].app, &app) != SQLITE_OK)
            continue;
        store_id_bytes(events[i].event->value[EVENT_CID], id);
        if (seen_undo(&app->seen, store_id_hash(store, app->name, id).word[1]))
            app->ids--;
    }
    for (size_t i = 0; i < store->app_count; i++) {
        store->apps[i]->row_events = 0;
        store->apps[i]->ids_changed = false;
    }
    if (batch->opened)
        store_apps_forget(store);
    if (store->cells_added)
        store_cells_forget(store);
}

static int append(struct batch *batch, struct store_event *events, size_t count)
{
    struct store *store = batch->store;
    int code = store_begin(store);

    if (code != SQLITE_OK)
        return code;
    store->cells_added = false;
    if (count == 0)
        code = store_step(store->statement[STATEMENT_HEALTH]);
    for (; batch->taken < count && code == SQLITE_OK; batch->taken++)
        code = take(batch, &events[batch->taken]);
    for (size_t i = 0; i < store->app_count && code == SQLITE_OK; i++) {
        code = write_row(batch, store->apps[i]);
        code = code == SQLITE_OK ? write_ids(batch, store->apps[i]) : code;
    }
    if (code == SQLITE_OK)
        code = write_tally(batch);
    code = store_end(store, code);
    if (code != SQLITE_OK)
        undo(batch, events);
    return code;
}

enum store_error store_append(struct store *store, int64_t now, struct store_event *events,
                              size_t count, unsigned patience_ms)
{
    struct batch batch = {.store = store, .now = now, .day = (int32_t)(now / DAY_SECONDS)};
    enum store_error error;

    if (!turn_take_within(&store->writing, patience_ms)) {
        store_say(store, "another thread is writing");
        return STORE_BUSY;
    }
    sqlite3_busy_timeout(store->writer, (int)patience_ms);
    error = store_error_of(store, store->writer, append(&batch, events, count));
    sqlite3_busy_timeout(store->writer, (int)store->busy_ms);
    if (error == STORE_OK && count > 0)
        atomic_fetch_add(&store->generation, 1);
    turn_give(&store->writing);
    return error;
}

enum store_error store_add_rejects(struct store *store, int64_t now, const char *app,
                                   const uint64_t counts[REJECT_REASONS])
{
    sqlite3_stmt *statement = store->statement[STATEMENT_REJECT];
    enum store_error error;
    int code;

    turn_take(&store->writing);
    code = store_begin(store);
    for (int i = 0; i < REJECT_REASONS && code == SQLITE_OK; i++) {
        if (counts[i] == 0)
            continue;
        sqlite3_bind_int64(statement, 1, now / DAY_SECONDS);
        sqlite3_bind_text(statement, 2, app, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, reject_reasons[i].code, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 4, (sqlite3_int64)counts[i]);
        code = store_step(statement);
    }
    code = store_end(store, code);
    error = store_error_of(store, store->writer, code);
    if (error == STORE_OK)
        atomic_fetch_add(&store->generation, 1);
    turn_give(&store->writing);
    return error;
}

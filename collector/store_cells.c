/* Apps, words and cells: the dictionary that makes a raw event 20 bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

void store_table_name(int64_t app, int32_t day, char name[STORE_TABLE_MAX])
{
    snprintf(name, STORE_TABLE_MAX, "raw_%lld_%ld", (long long)app, (long)day);
}

/* The number in the statement's only row, or 0 without one. */
static int find(sqlite3_stmt *statement, int64_t *id)
{
    int code = sqlite3_step(statement);

    *id = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    sqlite3_reset(statement);
    return code;
}

static int word_id(struct store *store, const char *text, int64_t *id)
{
    sqlite3_stmt *look = store->statement[STATEMENT_WORD_FIND];
    sqlite3_stmt *add = store->statement[STATEMENT_WORD_ADD];
    int code;

    sqlite3_bind_text(look, 1, text, -1, SQLITE_STATIC);
    code = find(look, id);
    if (code != SQLITE_OK || *id != 0)
        return code;
    sqlite3_bind_text(add, 1, text, -1, SQLITE_STATIC);
    code = store_step(add);
    *id = sqlite3_last_insert_rowid(store->writer);
    return code;
}

/* The members of an event that make its cell, in the order of the columns. */
static const enum event_member dimension[] = {EVENT_LABEL,    EVENT_OS,      EVENT_ARCH,
                                              EVENT_PLATFORM, EVENT_RELEASE, EVENT_METHOD};
#define DIMENSIONS (sizeof dimension / sizeof dimension[0])

static int find_or_add(struct store *store, const struct store_app *app, const struct event *event,
                       uint32_t *cell)
{
    sqlite3_stmt *look = store->statement[STATEMENT_CELL_FIND];
    sqlite3_stmt *add = store->statement[STATEMENT_CELL_ADD];
    int64_t id;
    int code = SQLITE_OK;

    sqlite3_bind_int64(look, 1, app->id);
    sqlite3_bind_int64(add, 1, app->id);
    for (size_t i = 0; i < DIMENSIONS && code == SQLITE_OK; i++) {
        code = word_id(store, event->value[dimension[i]], &id);
        sqlite3_bind_int64(look, (int)i + 2, id);
        sqlite3_bind_int64(add, (int)i + 2, id);
    }
    if (code == SQLITE_OK)
        code = find(look, &id);
    if (code == SQLITE_OK && id == 0) {
        store->cells_added = true;
        code = store_step(add);
        id = sqlite3_last_insert_rowid(store->writer);
    }
    if (code == SQLITE_OK && id > (int64_t)UINT32_MAX)
        code = SQLITE_FULL;
    *cell = (uint32_t)id;
    return code;
}

void store_cells_forget(struct store *store)
{
    memset(store->cells, 0, CELL_CACHE_SLOTS * sizeof *store->cells);
    store->cells_used = 0;
}

static struct siphash cell_key(const struct store *store, const struct store_app *app,
                               const struct event *event)
{
    char text[16 + DIMENSIONS * (EVENT_VALUE_MAX + 1)];
    size_t len = sizeof app->id;

    memcpy(text, &app->id, sizeof app->id);
    for (size_t i = 0; i < DIMENSIONS; i++) {
        size_t n = strlen(event->value[dimension[i]]) + 1;
        memcpy(text + len, event->value[dimension[i]], n);
        len += n;
    }
    return siphash_of(&store->salt, text, len);
}

int store_cell(struct store *store, const struct store_app *app, const struct event *event,
               uint32_t *cell)
{
    struct siphash key = cell_key(store, app, event);
    size_t slot = (size_t)key.word[0] & (CELL_CACHE_SLOTS - 1);
    int code;

    for (; store->cells[slot].cell != 0; slot = (slot + 1) & (CELL_CACHE_SLOTS - 1))
        if (memcmp(&store->cells[slot].key, &key, sizeof key) == 0) {
            *cell = store->cells[slot].cell;
            return SQLITE_OK;
        }
    code = find_or_add(store, app, event, cell);
    if (code != SQLITE_OK)
        return code;
    if (store->cells_used >= CELL_CACHE_SLOTS / 4 * 3) {
        store_cells_forget(store);
        slot = (size_t)key.word[0] & (CELL_CACHE_SLOTS - 1);
    }
    store->cells[slot].key = key;
    store->cells[slot].cell = *cell;
    store->cells_used++;
    return SQLITE_OK;
}

int store_app_id(sqlite3 *db, const char *name, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT id FROM app WHERE name = ?1", -1, &statement, NULL);

    *id = 0;
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        code = find(statement, id);
    }
    sqlite3_finalize(statement);
    return code;
}

static int app_add(struct store *store, const char *name, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->writer, "INSERT INTO app (name) VALUES (?1)", -1,
                                  &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        code = store_step(statement);
        *id = sqlite3_last_insert_rowid(store->writer);
    }
    sqlite3_finalize(statement);
    return code;
}

int store_app_named(struct store *store, const char *name, struct store_app **found)
{
    struct store_app **grown, *app;
    int code;

    *found = NULL;
    for (size_t i = 0; i < store->app_count; i++)
        if (strcmp(store->apps[i]->name, name) == 0) {
            *found = store->apps[i];
            return SQLITE_OK;
        }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers */
    grown = realloc(store->apps, (store->app_count + 1) * sizeof *grown);
    if (grown == NULL)
        return SQLITE_NOMEM;
    store->apps = grown;
    app = calloc(1, sizeof *app);
    if (app == NULL)
        return SQLITE_NOMEM;
    snprintf(app->name, sizeof app->name, "%s", name);
    app->day = INT32_MIN;
    code = store_app_id(store->writer, name, &app->id);
    if (code == SQLITE_OK && app->id == 0)
        code = app_add(store, name, &app->id);
    if (code != SQLITE_OK) {
        free(app);
        return code;
    }
    store->apps[store->app_count++] = app;
    *found = app;
    return SQLITE_OK;
}

void store_apps_forget(struct store *store)
{
    for (size_t i = 0; i < store->app_count; i++) {
        seen_release(&store->apps[i]->seen, &store->seen_slots);
        sqlite3_finalize(store->apps[i]->insert);
        free(store->apps[i]);
    }
    store->app_count = 0;
}

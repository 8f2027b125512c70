#include "store_sqlite.h"

#include <stdio.h>
#include <string.h>

/* "Foot", so that `file` and other programs can tell the store from any other database. */
#define APPLICATION_ID 0x466f6f74

/* step[n] takes a file from version n to n + 1. A step that has been released never changes. */
static const char *const step[STORE_SCHEMA] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('secret', randomblob(16)), ('health', 0), ('last_purge', 0);"
    "CREATE TABLE app (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE cell (id INTEGER PRIMARY KEY, app INTEGER NOT NULL, label INTEGER NOT NULL,"
    " os INTEGER NOT NULL, arch INTEGER NOT NULL, platform INTEGER NOT NULL,"
    " release INTEGER NOT NULL, method INTEGER NOT NULL,"
    " UNIQUE (app, label, os, arch, platform, release, method));"
    /* What each day counted, for ever; erased is how many of the events have been erased since. */
    "CREATE TABLE counts (day INTEGER, cell INTEGER, events INTEGER NOT NULL,"
    " erased INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (day, cell)) WITHOUT ROWID;"
    "CREATE TABLE ids (day INTEGER, app INTEGER, ids INTEGER NOT NULL, exact INTEGER NOT NULL,"
    " PRIMARY KEY (day, app)) WITHOUT ROWID;"
    "CREATE TABLE rejects (day INTEGER, app TEXT, reason TEXT, requests INTEGER NOT NULL,"
    " PRIMARY KEY (day, app, reason)) WITHOUT ROWID;"
    "CREATE TABLE tombstone (hash BLOB PRIMARY KEY) WITHOUT ROWID;"
    /* The raw tables that exist. */
    "CREATE TABLE part (app INTEGER, day INTEGER, PRIMARY KEY (app, day)) WITHOUT ROWID;"
    "CREATE TABLE cursor (app INTEGER, target TEXT, day INTEGER NOT NULL, row INTEGER NOT NULL,"
    " place INTEGER NOT NULL, PRIMARY KEY (app, target)) WITHOUT ROWID;",
    /* Events that were purged before the target had them, and that nobody has been told of yet. */
    "ALTER TABLE cursor ADD COLUMN purged INTEGER NOT NULL DEFAULT 0;",
};

static int migrate_one(sqlite3 *db, int64_t version)
{
    char mark[96];
    int code;

    snprintf(mark, sizeof mark, "PRAGMA user_version = %d; PRAGMA application_id = %d;",
             (int)version + 1, APPLICATION_ID);
    code = store_run(db, step[version]);
    return code == SQLITE_OK ? store_run(db, mark) : code;
}

/* Inside a transaction: whoever comes second finds the work done. */
static int migrate_all(sqlite3 *db, int64_t *version, bool *foreign)
{
    int64_t id = 0, tables = 0;
    int code = store_number(db, "PRAGMA user_version", version);

    code = code == SQLITE_OK ? store_number(db, "PRAGMA application_id", &id) : code;
    code =
        code == SQLITE_OK ? store_number(db, "SELECT count(*) FROM sqlite_schema", &tables) : code;
    *foreign = tables > 0 && id != APPLICATION_ID;
    if (*foreign || *version > STORE_SCHEMA)
        return code;
    for (; code == SQLITE_OK && *version < STORE_SCHEMA; (*version)++)
        code = migrate_one(db, *version);
    return code;
}

enum store_error store_migrate(sqlite3 *db, char *message)
{
    int64_t version = 0;
    bool foreign = false;
    const char *file = sqlite3_db_filename(db, "main");
    int code = store_run(db, "BEGIN IMMEDIATE");

    if (code == SQLITE_OK) {
        code = migrate_all(db, &version, &foreign);
        code = code == SQLITE_OK ? store_run(db, "COMMIT") : code;
        if (!sqlite3_get_autocommit(db) && store_run(db, "ROLLBACK") != SQLITE_OK)
            code = SQLITE_ERROR;
    }
    if (foreign) {
        snprintf(message, STORE_ERROR_MAX,
                 "%.200s: is a database of another program; name another file", file);
        return STORE_CORRUPT;
    }
    if (code == SQLITE_OK && version > STORE_SCHEMA) {
        snprintf(
            message, STORE_ERROR_MAX,
            "%.200s: was written by a newer footfall-collector (store version %d, this one knows"
            " %d); install that one",
            file, (int)version, STORE_SCHEMA);
        return STORE_NEWER;
    }
    if (code == SQLITE_OK)
        return STORE_OK;
    snprintf(message, STORE_ERROR_MAX, "%.200s: cannot be brought to store version %d: %s%s", file,
             STORE_SCHEMA, sqlite3_errstr(code),
             (code & 0xff) == SQLITE_BUSY ? "; another program holds it, end that one first"
             : (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT
                 ? "; restore a backup or name another file"
                 : "; see that the disk has room and the file can be written");
    return (code & 0xff) == SQLITE_BUSY ? STORE_BUSY : STORE_FAILED;
}

/* Backup, check and size. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_sqlite.h"

static int copy_into(struct store *store, const char *file)
{
    sqlite3 *copy = NULL;
    sqlite3_backup *backup = NULL;
    int code = sqlite3_open_v2(file, &copy, SQLITE_OPEN_READWRITE, NULL);

    if (code == SQLITE_OK)
        backup = sqlite3_backup_init(copy, "main", store->scanner, "main");
    if (backup != NULL) {
        sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup);
    } else if (code == SQLITE_OK) {
        code = sqlite3_errcode(copy);
    }
    sqlite3_close(copy);
    return code;
}

enum store_error store_backup(struct store *store, const char *file)
{
    /* O_EXCL: a backup that overwrites the last good one is worse than none. */
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum store_error error;

    if (fd < 0) {
        pthread_mutex_lock(&store->message_lock);
        snprintf(store->message, sizeof store->message, "%.300s: cannot be created: %s", file,
                 strerror(errno));
        pthread_mutex_unlock(&store->message_lock);
        return STORE_FAILED;
    }
    close(fd);
    pthread_mutex_lock(&store->scan_lock);
    error = store_error_of(store, store->scanner, copy_into(store, file));
    pthread_mutex_unlock(&store->scan_lock);
    if (error != STORE_OK)
        unlink(file);
    return error;
}

struct check {
    struct store *store;
    void (*fault)(void *context, const char *text);
    void *context;
    uint64_t *faults;
    uint64_t *tally; /* by cell */
    size_t cells;
};

static void found(struct check *check, const char *text)
{
    (*check->faults)++;
    check->fault(check->context, text);
}

static int check_structure(struct check *check)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(check->store->scanner, "PRAGMA integrity_check", -1, &statement, NULL);

    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        code = SQLITE_OK;
        if (text != NULL && strcmp(text, "ok") != 0)
            found(check, text);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int add_up(struct check *check, int64_t app, int32_t day)
{
    char table[STORE_TABLE_MAX], sql[96], text[128];
    sqlite3_stmt *statement = NULL;
    int code;

    store_table_name(app, day, table);
    snprintf(sql, sizeof sql, "SELECT events FROM %s", table);
    code = sqlite3_prepare_v2(check->store->scanner, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const unsigned char *record = sqlite3_column_blob(statement, 0);
        const unsigned char *end = record + sqlite3_column_bytes(statement, 0);

        code = SQLITE_OK;
        for (; end - record >= STORE_RECORD; record += STORE_RECORD) {
            uint32_t cell = store_record_cell(record);
            if (cell < check->cells) {
                check->tally[cell]++;
                continue;
            }
            snprintf(text, sizeof text, "%s holds an event of no known cell", table);
            found(check, text);
        }
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int compare(struct check *check, int64_t app, int32_t day)
{
    static const char sql[] = "SELECT c.cell, c.events - c.erased FROM counts c JOIN cell e"
                              " ON e.id = c.cell WHERE c.day = ?1 AND e.app = ?2";
    char text[160];
    sqlite3_stmt *statement = NULL;
    uint64_t counted = 0, raw = 0;
    int code = sqlite3_prepare_v2(check->store->scanner, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int(statement, 1, day);
        sqlite3_bind_int64(statement, 2, app);
    }
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        size_t cell = (size_t)sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
        counted += (uint64_t)sqlite3_column_int64(statement, 1);
        if (cell < check->cells &&
            check->tally[cell] == (uint64_t)sqlite3_column_int64(statement, 1))
            continue;
        snprintf(text, sizeof text, "day %ld, cell %zu: counts and raw events differ", (long)day,
                 cell);
        found(check, text);
    }
    sqlite3_finalize(statement);
    for (size_t cell = 1; cell < check->cells; cell++)
        raw += check->tally[cell];
    snprintf(text, sizeof text, "day %ld: %llu events counted, %llu kept", (long)day,
             (unsigned long long)counted, (unsigned long long)raw);
    if (code == SQLITE_DONE && raw != counted)
        found(check, text);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int check_counts(struct check *check)
{
    sqlite3_stmt *statement = NULL;
    int64_t most = 0;
    int code = store_number(check->store->scanner, "SELECT max(id) FROM cell", &most);

    check->cells = (size_t)most + 1;
    check->tally = calloc(check->cells, sizeof *check->tally);
    if (check->tally == NULL)
        return SQLITE_NOMEM;
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(check->store->scanner, "SELECT app, day FROM part", -1,
                                  &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t app = sqlite3_column_int64(statement, 0);
        int32_t day = sqlite3_column_int(statement, 1);

        memset(check->tally, 0, check->cells * sizeof *check->tally);
        code = add_up(check, app, day);
        code = code == SQLITE_OK ? compare(check, app, day) : code;
    }
    sqlite3_finalize(statement);
    free(check->tally);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

enum store_error store_check(struct store *store, void (*fault)(void *context, const char *text),
                             void *context, uint64_t *faults)
{
    struct check check = {store, fault, context, faults, NULL, 0};
    enum store_error error;
    int code;

    *faults = 0;
    pthread_mutex_lock(&store->scan_lock);
    code = store_run(store->scanner, "BEGIN"); /* one snapshot for all of it */
    code = code == SQLITE_OK ? check_structure(&check) : code;
    code = code == SQLITE_OK && *faults == 0 ? check_counts(&check) : code;
    if (!sqlite3_get_autocommit(store->scanner) &&
        store_run(store->scanner, "COMMIT") != SQLITE_OK && code == SQLITE_OK)
        code = SQLITE_ERROR;
    error = store_error_of(store, store->scanner, code);
    pthread_mutex_unlock(&store->scan_lock);
    return error;
}

uint64_t store_file_bytes(const char *file, const char *suffix)
{
    char name[4200];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", file, suffix);
    return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

enum store_error store_measure(struct store *store, struct store_size *size)
{
    enum store_error error;
    int64_t days = 0;
    int code;

    memset(size, 0, sizeof *size);
    size->file_bytes = store_file_bytes(store->file, "");
    size->journal_bytes = store_file_bytes(store->file, "-wal");
    pthread_mutex_lock(&store->read_lock);
    code = store_number(store->reader, "SELECT count(DISTINCT day) FROM part", &days);
    size->raw_days = (uint64_t)days;
    error = store_error_of(store, store->reader, code);
    pthread_mutex_unlock(&store->read_lock);
    return error;
}

/* The journal: what was overwritten in the file still lies there, until it is emptied. */
#include <time.h>

#include "store_sqlite.h"

#define STEP_MS 50

/* Without a busy handler SQLite moves what it can and says BUSY about the rest, so that nobody who
 * stores waits for another program that reads. This one's own readers are kept out meanwhile; a
 * scan may be long, and who scans for an erasure sweeps afterwards. */
static int empty(struct store *store)
{
    int code;

    if (pthread_mutex_trylock(&store->scan_lock) != 0)
        return SQLITE_BUSY;
    pthread_mutex_lock(&store->read_lock);
    turn_take(&store->writing);
    sqlite3_busy_timeout(store->writer, 0);
    code = sqlite3_wal_checkpoint_v2(store->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(store->writer, (int)store->busy_ms);
    if (code == SQLITE_OK)
        atomic_store(&store->overwritten, false);
    turn_give(&store->writing);
    pthread_mutex_unlock(&store->read_lock);
    pthread_mutex_unlock(&store->scan_lock);
    return code;
}

enum store_error store_sweep(struct store *store, unsigned patience_ms)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000};
    enum store_error error = STORE_OK;

    for (unsigned ms = 0; atomic_load(&store->overwritten); ms += STEP_MS) {
        error = store_error_of(store, store->writer, empty(store));
        if (error != STORE_BUSY || ms >= patience_ms)
            break;
        nanosleep(&step, NULL);
    }
    return error;
}

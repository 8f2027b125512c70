#include "identity.h"

#include <string.h>

static enum place_read read_id(const struct place *home, char cid[CID_LEN + 1])
{
    unsigned char bytes[CID_FILE_MAX];
    size_t len = sizeof bytes;
    enum place_read found = place_get(home, IDENTITY_FILE, bytes, &len);

    if (found == PLACE_READ && !cid_parse(bytes, len, cid))
        found = PLACE_REFUSED;
    return found;
}

bool identity_read(const struct place *home, char cid[CID_LEN + 1])
{
    return read_id(home, cid) == PLACE_READ;
}

static bool invent(char cid[CID_LEN + 1])
{
    unsigned char random[16];

    if (!plat_random(random, sizeof random))
        return false;
    cid_format(random, cid);
    return true;
}

static enum place_put save(struct place *home, const char *cid, enum place_mode mode)
{
    char line[CID_LEN + 1];

    memcpy(line, cid, CID_LEN);
    line[CID_LEN] = '\n';
    return place_publish(home, IDENTITY_FILE, line, sizeof line, mode);
}

/* Replacing what is no id must not replace the id that another process has put there meanwhile:
 * look again under the lock. Without a lock a bad file stays, and the id is for this time only. */
static void repair(struct place *home, char cid[CID_LEN + 1])
{
    char theirs[CID_LEN + 1];

    if (!place_lock(home))
        return;
    if (read_id(home, theirs) == PLACE_READ)
        memcpy(cid, theirs, sizeof theirs);
    else
        (void)save(home, cid, PLACE_REPLACE); /* where it fails, the id is for this time only */
    place_unlock(home);
}

bool identity_get(struct place *home, char cid[CID_LEN + 1])
{
    enum place_read found = read_id(home, cid);
    char theirs[CID_LEN + 1];

    if (found == PLACE_READ)
        return true;
    if (!invent(cid))
        return false;
    if (!place_make(home))
        return true;
    if (found == PLACE_ABSENT && save(home, cid, PLACE_NEW) != PLACE_TAKEN)
        return true;
    /* Something is there: the id of a process that was faster, or no id at all. */
    if (read_id(home, theirs) == PLACE_READ)
        memcpy(cid, theirs, sizeof theirs);
    else
        repair(home, cid);
    return true;
}

bool identity_reset(struct place *home, char cid[CID_LEN + 1])
{
    return invent(cid) && place_make(home) && save(home, cid, PLACE_REPLACE) == PLACE_PUT;
}

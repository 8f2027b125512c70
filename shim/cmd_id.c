/* footfall id: shows the client id, or replaces it. */
#include <stdio.h>

#include "command.h"
#include "identity.h"

static int reset(struct place *home, char cid[CID_LEN + 1])
{
    if (!identity_reset(home, cid)) {
        fprintf(
            stderr,
            "footfall: the id cannot be replaced in %s: check that the folder is yours and not full\n",
            home->path[0] != '\0' ? home->path : "HOME, which names no folder");
        return STATUS_FAILED;
    }
    puts(cid);
    return STATUS_DONE;
}

static int show(const struct place *home, char cid[CID_LEN + 1])
{
    if (!identity_read(home, cid)) {
        fprintf(stderr,
                "footfall: there is no id in %s; one is made when the first event is sent\n",
                home->path[0] != '\0' ? home->path : "HOME, which names no folder");
        return STATUS_FAILED;
    }
    puts(cid);
    return STATUS_DONE;
}

static int run(struct options *options)
{
    struct place home;
    char cid[CID_LEN + 1];
    int status;

    place_open(&home, PLACE_HOME, options->value[OPT_APP]);
    status = option_on(options, OPT_RESET) ? reset(&home, cid) : show(&home, cid);
    place_close(&home);
    return status;
}

const struct command cmd_id = {
    "id", COMMAND_ID, "--app NAME [--reset]", "show the anonymous client id, or replace it", run,
};

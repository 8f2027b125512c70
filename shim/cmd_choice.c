/* footfall enable and disable: the user's saved choice, which every tool of the app honours. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "facts.h"

static int save(const struct options *options, const char *word)
{
    const char *app = options->value[OPT_APP];
    struct place home;
    enum place_put put;

    place_open(&home, PLACE_HOME, app);
    put = place_publish(&home, CHOICE_FILE, word, strlen(word), PLACE_REPLACE);
    if (put == PLACE_PUT)
        printf("telemetry of %s is %s (%s%c%s)\n", app, word[1] == 'n' ? "on" : "off", home.path,
               plat_separator, CHOICE_FILE);
    else if (home.path[0] == '\0')
        fprintf(
            stderr,
            "footfall: the choice cannot be saved: HOME names no folder; set <APP>_NO_TELEMETRY=1 "
            "or DO_NOT_TRACK=1 instead\n");
    else
        fprintf(
            stderr,
            "footfall: the choice cannot be saved in %s%c%s: check that the folder is yours and "
            "not full\n",
            home.path, plat_separator, CHOICE_FILE);
    place_close(&home);
    return put == PLACE_PUT ? STATUS_DONE : STATUS_FAILED;
}

static int run_enable(struct options *options)
{
    return save(options, "on\n");
}

static int run_disable(struct options *options)
{
    return save(options, "off\n");
}

const struct command cmd_enable = {
    "enable",     COMMAND_CHOICE,
    "--app NAME", "switch telemetry on for this user, and record consent",
    run_enable,
};

const struct command cmd_disable = {
    "disable", COMMAND_CHOICE, "--app NAME", "switch telemetry off for this user", run_disable,
};

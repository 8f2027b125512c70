/* footfall explain: what would be sent, and why or why not. Opens no socket, creates nothing. */
#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "emit.h"
#include "identity.h"
#include "receipt.h"

/* Stands in an explanation for the id that does not exist yet. */
#define EXAMPLE_CID "00000000-0000-4000-8000-000000000000"

struct explanation {
    struct draft draft;
    struct facts facts;
    enum gate gate;
    char source[PLAT_PATH_MAX + 64]; /* the variable or file that decided; "" */
    char id_file[PLAT_PATH_MAX + 32];
    bool has_id;
    char body[EVENT_JSON_MAX];
    bool has_receipt;
    struct receipt receipt;
};

static void name_variable(struct explanation *e, const char *variable)
{
    const char *value = plat_env(variable);
    snprintf(e->source, sizeof e->source, "%s=%s", variable, value != NULL ? value : "");
}

static void find_source(struct explanation *e, const struct options *options,
                        const struct place *home)
{
    switch (e->gate) {
    case GATE_FLAG:
        snprintf(e->source, sizeof e->source, "--no-telemetry (or FOOTFALL_NO_TELEMETRY)");
        break;
    case GATE_DO_NOT_TRACK:
        name_variable(e, "DO_NOT_TRACK");
        break;
    case GATE_NO_TELEMETRY:
        name_variable(e, "NO_TELEMETRY");
        break;
    case GATE_APP_NO_TELEMETRY:
        name_variable(e, e->facts.app_no_telemetry);
        break;
    case GATE_APP_TELEMETRY:
        name_variable(e, e->facts.app_telemetry);
        break;
    case GATE_CI:
        name_variable(e, e->facts.env.ci_marker ? e->facts.ci_variable : "CI");
        break;
    case GATE_DEVELOPER:
        if (plat_env(e->facts.app_dev) != NULL)
            name_variable(e, e->facts.app_dev);
        else
            snprintf(e->source, sizeof e->source, "--release %s", e->facts.env.release);
        break;
    case GATE_FLEET:
        snprintf(e->source, sizeof e->source, "%s", e->facts.fleet_file);
        break;
    case GATE_CHOICE:
    case GATE_CONSENT:
        snprintf(e->source, sizeof e->source, "%.4000s%c%s", home->path, plat_separator,
                 CHOICE_FILE);
        break;
    case GATE_ENDPOINT:
        snprintf(e->source, sizeof e->source, "%.2000s",
                 options->value[OPT_ENDPOINT] != NULL ? options->value[OPT_ENDPOINT] : "");
        break;
    case GATE_RETIRED:
        snprintf(e->source, sizeof e->source, "%.4000s%c%s", home->path, plat_separator,
                 RETIRED_FILE);
        break;
    default:
        break;
    }
}

static void find_out(struct explanation *e, const struct options *options)
{
    struct place places[PLACES];
    const struct place *home = &places[PLACE_HOME];
    char *cid = e->draft.event.value[EVENT_CID];

    for (int i = 0; i < PLACES; i++)
        place_open(&places[i], (enum place_kind)i, options->value[OPT_APP]);
    facts_environment(&e->facts, options, &e->draft);
    facts_state(&e->facts, options, &e->draft, places);
    e->gate = gate_check_environment(&e->facts.env);
    if (e->gate == GATE_OPEN)
        e->gate = gate_check_state(&e->facts.env, &e->facts.state);
    find_source(e, options, home);
    snprintf(e->id_file, sizeof e->id_file, "%.4000s%c%s", home->path, plat_separator,
             IDENTITY_FILE);
    e->has_id = identity_read(home, cid);
    if (!e->has_id)
        memcpy(cid, EXAMPLE_CID, sizeof EXAMPLE_CID);
    event_encode(&e->draft.event, e->body, sizeof e->body);
    e->has_receipt = receipt_read(home, &e->receipt);
    for (int i = 0; i < PLACES; i++)
        place_close(&places[i]);
}

/* The status that was answered, or what stands for none. */
static const char *answer(const struct receipt *receipt, const char *none, char text[16])
{
    if (receipt->http_status == 0)
        return none;
    snprintf(text, 16, "%ld", receipt->http_status);
    return text;
}

static void print_text(const struct explanation *e, const char *endpoint)
{
    char text[16];

    if (e->gate == GATE_OPEN)
        puts("This event would be sent.");
    else
        printf("This event would not be sent: %s.\n", gate_text(e->gate));
    if (e->source[0] != '\0')
        printf("  decided by  %s\n", e->source);
    printf("  endpoint    %s\n", endpoint != NULL ? endpoint : "none");
    printf("  id          %s%s\n", e->id_file,
           e->has_id ? "" : " (none yet; a random one is made when the first event is sent)");
    printf("  body        %s\n", e->body);
    if (e->has_receipt)
        printf("Last sent %s to %s (%s):\n  body        %s\n", e->receipt.time, e->receipt.endpoint,
               answer(&e->receipt, "no answer", text), e->receipt.body);
    else
        puts("Nothing has been sent from this home so far.");
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

static int print_json(const struct explanation *e, const char *endpoint)
{
    cJSON *root = cJSON_CreateObject(), *last;
    char *text;

    cJSON_AddBoolToObject(root, "would_send", e->gate == GATE_OPEN);
    cJSON_AddStringToObject(root, "gate", gate_name(e->gate));
    cJSON_AddStringToObject(root, "reason", gate_text(e->gate));
    add_text(root, "source", e->source);
    add_text(root, "endpoint", endpoint);
    cJSON_AddStringToObject(root, "id_file", e->id_file);
    add_text(root, "id", e->has_id ? e->draft.event.value[EVENT_CID] : NULL);
    cJSON_AddStringToObject(root, "body", e->body);
    if (e->has_receipt) {
        char status[16];
        last = cJSON_AddObjectToObject(root, "last_sent");
        cJSON_AddStringToObject(last, "time", e->receipt.time);
        cJSON_AddStringToObject(last, "endpoint", e->receipt.endpoint);
        cJSON_AddRawToObject(last, "status", answer(&e->receipt, "null", status));
        cJSON_AddStringToObject(last, "body", e->receipt.body);
    } else {
        cJSON_AddNullToObject(root, "last_sent");
    }
    text = cJSON_Print(root);
    cJSON_Delete(root);
    if (text == NULL) {
        fprintf(stderr, "footfall: out of memory\n");
        return STATUS_FAILED;
    }
    puts(text);
    cJSON_free(text);
    return STATUS_DONE;
}

static int run(struct options *options)
{
    const char *label = options->event != NULL ? options->event : "install_start";
    const char *endpoint = options->value[OPT_ENDPOINT];
    static struct explanation e;

    if (!draft_event(options, label, &e.draft)) {
        fprintf(stderr, "footfall: %s\n", options->error);
        return STATUS_USAGE;
    }
    find_out(&e, options);
    if (option_on(options, OPT_JSON))
        return print_json(&e, endpoint);
    print_text(&e, endpoint);
    return STATUS_DONE;
}

const struct command cmd_explain = {
    "explain",
    COMMAND_EXPLAIN,
    "[EVENT] --app NAME [OPTION...]",
    "show what would be sent, and why or why not; sends nothing",
    run,
};

/* footfall explain: what would be sent, and why or why not. Opens no socket, creates nothing. */
#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "emit.h"
#include "identity.h"
#include "receipt.h"
#include "value.h"

/* Stands in an explanation for the id that does not exist yet. */
#define EXAMPLE_CID "00000000-0000-4000-8000-000000000000"

struct explanation {
    struct draft draft;
    struct facts facts;
    enum gate gate;
    char source[PLAT_PATH_MAX + 64]; /* the variable or file that decided; "" */
    char id_file[PLAT_PATH_MAX + 64];
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

/* Leaves "" where there is no such place. */
static void name_file(char out[PLAT_PATH_MAX + 64], const struct place *place, const char *file)
{
    if (place->path[0] != '\0')
        snprintf(out, PLAT_PATH_MAX + 64, "%.4000s%c%s", place->path, plat_separator, file);
}

static void name_developer(struct explanation *e, const char *release)
{
    struct gate_environment env = e->facts.env;

    env.release = ""; /* what the variable says of itself */
    if (gate_check_environment(&env) == GATE_DEVELOPER)
        name_variable(e, e->facts.app_dev);
    else
        snprintf(e->source, sizeof e->source, "--release %.4000s", release);
}

static void find_source(struct explanation *e, const struct options *options,
                        const struct place places[PLACES])
{
    const struct place *home = &places[PLACE_HOME];

    switch (e->gate) {
    case GATE_FLAG:
        if (options->from_environment[OPT_NO_TELEMETRY])
            name_variable(e, "FOOTFALL_NO_TELEMETRY");
        else
            memcpy(e->source, "--no-telemetry", sizeof "--no-telemetry");
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
        name_variable(e, value_read(e->facts.env.ci) != VALUE_NONE ? "CI" : e->facts.ci_variable);
        break;
    case GATE_DEVELOPER:
        name_developer(e, options->value[OPT_RELEASE]);
        break;
    case GATE_FLEET:
        snprintf(e->source, sizeof e->source, "%s", e->facts.fleet_file);
        break;
    case GATE_CHOICE:
    case GATE_CONSENT:
        name_file(e->source, home, CHOICE_FILE);
        break;
    case GATE_ENDPOINT:
        snprintf(e->source, sizeof e->source, "%.2000s",
                 options->value[OPT_ENDPOINT] != NULL ? options->value[OPT_ENDPOINT] : "");
        break;
    case GATE_RETIRED:
        name_file(e->source, &places[place_has(home, RETIRED_FILE) ? PLACE_HOME : PLACE_TEMP],
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
    if (e->gate == GATE_OPEN && !place_writable(home) && !place_writable(&places[PLACE_TEMP]))
        e->gate = GATE_NO_PLACE;
    find_source(e, options, places);
    name_file(e->id_file, home, IDENTITY_FILE);
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
    if (e->id_file[0] == '\0')
        puts("  id          none is kept: HOME names no folder");
    else
        printf("  id          %s%s\n", e->id_file,
               e->has_id ? "" : " (none yet; a random one is made when the first event is sent)");
    printf("  body        %s\n", e->body);
    if (e->has_receipt)
        printf("Last sent %s to %s (%s):\n  body        %s\n", e->receipt.time, e->receipt.endpoint,
               answer(&e->receipt, "no answer", text), e->receipt.body);
    else
        puts("Nothing has been sent from this home so far.");
}

/* Bytes of the UTF-8 character at text; 0: it is none. */
static size_t character_size(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    size_t more = text[0] < 0x80 ? 0 : text[0] < 0xe0 ? 1 : text[0] < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? text[0] : text[0] & (0x3fu >> more);

    if ((text[0] >= 0x80 && text[0] < 0xc0) || text[0] >= 0xf8)
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    return code < least[more] || code > 0x10ffff || code >> 11 == 0x1b ? 0 : more + 1;
}

/* JSON is UTF-8, which cJSON takes for granted; a variable or a path may hold any bytes. What is
 * not there is null. */
static void add_text(cJSON *object, const char *name, const char *text)
{
    char clean[2 * PLAT_PATH_MAX];
    size_t len = 0, size;

    if (text == NULL || text[0] == '\0') {
        cJSON_AddNullToObject(object, name);
        return;
    }
    for (; *text != '\0' && len + 4 < sizeof clean; text += size == 0 ? 1 : size) {
        size = character_size((const unsigned char *)text);
        if (size == 0)
            clean[len++] = '?';
        else
            memcpy(clean + len, text, size);
        len += size;
    }
    clean[len] = '\0';
    cJSON_AddStringToObject(object, name, clean);
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
    add_text(root, "id_file", e->id_file);
    add_text(root, "id", e->has_id ? e->draft.event.value[EVENT_CID] : NULL);
    cJSON_AddStringToObject(root, "body", e->body);
    if (e->has_receipt) {
        char status[16];
        last = cJSON_AddObjectToObject(root, "last_sent");
        add_text(last, "time", e->receipt.time);
        add_text(last, "endpoint", e->receipt.endpoint);
        cJSON_AddRawToObject(last, "status", answer(&e->receipt, "null", status));
        add_text(last, "body", e->receipt.body);
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

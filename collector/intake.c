#include "intake.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "cJSON.h"
#include "strict.h"

/* A body makes at most one node for every second byte; what does not fit is refused, so that a
 * request's memory has a limit. */
#define ARENA_BYTES (256 * 1024)

const char *const intake_class_names[INTAKE_CLASS_COUNT] = {
#define X(id, name) [INTAKE_##id] = (name),
    INTAKE_CLASSES(X)
#undef X
};

/* While a body is read, the thread's cJSON memory comes from here and is given back at once. */
static _Thread_local struct {
    alignas(max_align_t) unsigned char bytes[ARENA_BYTES];
    size_t used;
    bool active;
} arena;

static void *arena_take(size_t size)
{
    void *taken;

    if (!arena.active)
        return malloc(size);
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (size > ARENA_BYTES - arena.used)
        return NULL;
    taken = arena.bytes + arena.used;
    arena.used += size;
    return taken;
}

static void arena_give(void *taken)
{
    if (!arena.active)
        free(taken);
}

void intake_init(void)
{
    cJSON_Hooks hooks = {.malloc_fn = arena_take, .free_fn = arena_give};
    cJSON_InitHooks(&hooks);
}

static bool has_word(const char *name, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(name, *words) != NULL)
            return true;
    return false;
}

/* Coarse on purpose: it is to tell an operator what a client leaks, not to keep it. */
static enum intake_class classify(const char *member)
{
    static const char *const address[] = {"ip",      "addr", "geo", "city",
                                          "country", "lat",  "lon", NULL};
    static const char *const person[] = {"user",   "name",     "mail", "login",
                                         "person", "distinct", NULL};
    static const char *const machine[] = {"host",   "machine", "mac", "serial",
                                          "device", "cpu",     NULL};
    static const char *const path[] = {"path", "dir", "file", "home", "cwd", "url", NULL};
    static const char *const when[] = {"time", "date", "stamp", NULL};
    static const char *const version[] = {"version", "build", "commit", NULL};
    static const char *const *const words[] = {
        [INTAKE_ADDRESS] = address, [INTAKE_PERSON] = person, [INTAKE_MACHINE] = machine,
        [INTAKE_PATH] = path,       [INTAKE_TIME] = when,     [INTAKE_VERSION] = version,
    };
    /* The order of looking: "hostname" is a machine, "filename" a path, "username" a person. */
    static const enum intake_class order[] = {INTAKE_MACHINE, INTAKE_PATH,    INTAKE_TIME,
                                              INTAKE_VERSION, INTAKE_ADDRESS, INTAKE_PERSON};
    char name[32];
    size_t len;

    for (len = 0; len < sizeof name - 1 && member[len] != '\0'; len++)
        name[len] =
            (char)(member[len] >= 'A' && member[len] <= 'Z' ? member[len] + 32 : member[len]);
    name[len] = '\0';
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (has_word(name, words[order[i]]))
            return order[i];
    return INTAKE_OTHER;
}

static bool refuse(struct intake *intake, enum reject reason, const char *field)
{
    intake->reason = reason;
    intake->field = field;
    return false;
}

static bool take_members(const cJSON *object, struct intake *intake)
{
    bool seen[EVENT_MEMBERS] = {false};
    enum event_member m;
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        m = event_member_named(item->string, strlen(item->string));
        if (m == EVENT_MEMBERS) {
            intake->unknown[classify(item->string)]++;
            continue;
        }
        if (seen[m])
            return refuse(intake, REJECT_DUPLICATE_MEMBER, event_fields[m].name);
        seen[m] = true;
        if (!cJSON_IsString(item) ||
            !event_value_ok(m, item->valuestring, strlen(item->valuestring)))
            return refuse(intake, REJECT_INVALID_VALUE, event_fields[m].name);
        memcpy(intake->event.value[m], item->valuestring, strlen(item->valuestring) + 1);
    }
    for (m = 0; m < EVENT_MEMBERS; m++)
        if (!seen[m])
            return refuse(intake, REJECT_MISSING_MEMBER, event_fields[m].name);
    return true;
}

static bool only_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at == end;
}

bool intake_read(const char *body, size_t len, struct intake *intake)
{
    const char *end = NULL;
    cJSON *root;
    bool ok;

    memset(intake, 0, sizeof *intake);
    if (len > INTAKE_BODY_MAX || !strict_json_bytes(body, len))
        return refuse(intake, REJECT_INVALID_JSON, NULL);
    arena.used = 0;
    arena.active = true;
    root = cJSON_ParseWithLengthOpts(body, len, &end, false);
    if (!cJSON_IsObject(root) || !only_space(end, body + len))
        ok = refuse(intake, REJECT_INVALID_JSON, NULL);
    else
        ok = take_members(root, intake);
    arena.active = false;
    return ok;
}

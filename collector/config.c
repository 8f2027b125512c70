#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "nearest.h"

enum key_type { NUMBER, SWITCH, TEXT, WORDS };

struct key {
    const char *name;
    enum key_type type;
    size_t offset;
    uint32_t preset_number, min, max;
    const char *preset_text;
    const char *words; /* WORDS: the allowed ones */
};

#define ROW_NUMBER(owner, name, field, preset, min, max)                                           \
    {name, NUMBER, offsetof(struct owner, field), preset, min, max, NULL, NULL},
#define ROW_SWITCH(owner, name, field, preset, min, max)                                           \
    {name, SWITCH, offsetof(struct owner, field), preset, 0, 1, NULL, NULL},
#define ROW_TEXT(owner, name, field, preset, min, max)                                             \
    {name, TEXT, offsetof(struct owner, field), 0, 0, 0, preset, NULL},
#define ROW_WORDS(owner, name, field, preset, min, max)                                            \
    {name, WORDS, offsetof(struct owner, field), 0, 0, 0, preset, max},

static const struct key global_keys[] = {
#define KEY(name, type, field, preset, min, max, meaning)                                          \
    ROW_##type(config, name, field, preset, min, max)
#define APP_KEY(name, type, field, preset, min, max, meaning)
#include "config_keys.h"
#undef KEY
#undef APP_KEY
};
static const struct key app_keys[] = {
#define KEY(name, type, field, preset, min, max, meaning)
#define APP_KEY(name, type, field, preset, min, max, meaning)                                      \
    ROW_##type(config_app, name, field, preset, min, max)
#include "config_keys.h"
#undef KEY
#undef APP_KEY
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct parser {
    struct config *config;
    struct config_app *app; /* the section at hand, NULL above the first */
    const char *file;
    unsigned line, default_app_line;
    char *message;
};

static void preset(void *owner, const struct key *keys, size_t count)
{
    for (const struct key *k = keys; k < keys + count; k++) {
        char *field = (char *)owner + k->offset;
        bool on = k->preset_number != 0;

        if (k->type == NUMBER)
            memcpy(field, &k->preset_number, sizeof k->preset_number);
        else if (k->type == SWITCH)
            memcpy(field, &on, sizeof on);
        else
            snprintf(field, CONFIG_TEXT_MAX, "%s", k->preset_text);
    }
}

void config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    preset(config, global_keys, COUNT(global_keys));
    preset(&config->preset, app_keys, COUNT(app_keys));
}

void config_release(struct config *config)
{
    free(config->apps);
    config->apps = NULL;
    config->app_count = 0;
}

static bool fail(const struct parser *p, const char *what, const char *thing, const char *remedy)
{
    snprintf(p->message, CONFIG_MESSAGE_MAX, "%s:%u: %s \"%.64s\"; %s", p->file, p->line, what,
             thing, remedy);
    return false;
}

static const struct key *find_key(const struct key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static bool fail_unknown_key(const struct parser *p, const char *name)
{
    const char *words[COUNT(app_keys) + COUNT(global_keys) + 1], *near;
    char remedy[160];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(app_keys); i++)
        words[n++] = app_keys[i].name;
    for (size_t i = 0; p->app == NULL && i < COUNT(global_keys); i++)
        words[n++] = global_keys[i].name;
    words[n] = NULL;
    near = nearest_word(name, strlen(name), words);
    if (p->app != NULL && find_key(global_keys, COUNT(global_keys), name) != NULL)
        snprintf(remedy, sizeof remedy, "it belongs above the first [app] section");
    else if (near != NULL)
        snprintf(remedy, sizeof remedy, "did you mean \"%s\"? All keys: footfall-collector.conf(5)",
                 near);
    else
        snprintf(remedy, sizeof remedy, "all keys: footfall-collector.conf(5)");
    return fail(p, "unknown key", name, remedy);
}

static bool is_word_of(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; len > 0 && (at = strstr(at, word)) != NULL; at++)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static bool set_number(const struct parser *p, const struct key *key, char *field,
                       const char *value)
{
    char *end, remedy[96];
    unsigned long number;

    errno = 0;
    number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < key->min ||
        number > key->max) {
        snprintf(remedy, sizeof remedy, "\"%s\" takes a number from %u to %u", key->name, key->min,
                 key->max);
        return fail(p, "bad value", value, remedy);
    }
    memcpy(field, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
    return true;
}

static bool set_value(const struct parser *p, void *owner, const struct key *key, const char *value)
{
    char *field = (char *)owner + key->offset, remedy[160];

    switch (key->type) {
    case NUMBER:
        return set_number(p, key, field, value);
    case SWITCH:
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return fail(p, "bad value", value, "write yes or no");
        memcpy(field, &(bool){value[0] == 'y'}, sizeof(bool));
        return true;
    case WORDS:
        snprintf(remedy, sizeof remedy, "\"%s\" is one of: %s", key->name, key->words);
        if (!is_word_of(key->words, value))
            return fail(p, "bad value", value, remedy);
        break;
    case TEXT:
        snprintf(remedy, sizeof remedy, "a value has at most %d bytes", CONFIG_TEXT_MAX - 1);
        if (strlen(value) >= CONFIG_TEXT_MAX)
            return fail(p, "value too long", value, remedy);
        break;
    }
    snprintf(field, CONFIG_TEXT_MAX, "%s", value);
    return true;
}

static bool open_section(struct parser *p, char *text)
{
    struct config *config = p->config;
    size_t len = strlen(text);
    char *name = text + strlen("[app");
    struct config_app *grown;

    if (strncmp(text, "[app ", 5) != 0 || text[len - 1] != ']')
        return fail(p, "unknown section", text, "write [app NAME]");
    text[len - 1] = '\0';
    name += strspn(name, " \t");
    if (!app_name_ok(name))
        return fail(p, "bad app name", name,
                    "use lower-case letters, digits and -, a letter or digit first, at most 64");
    for (size_t i = 0; i < config->app_count; i++)
        if (strcmp(config->apps[i].name, name) == 0)
            return fail(p, "second section for app", name, "put its keys in one section");
    if (config->app_count == CONFIG_APPS_MAX)
        return fail(p, "too many apps at", name, "start a second collector");
    grown = realloc(config->apps, (config->app_count + 1) * sizeof *grown);
    if (grown == NULL)
        return fail(p, "no memory for app", name, "free some memory");
    config->apps = grown;
    p->app = &grown[config->app_count++];
    *p->app = config->preset;
    snprintf(p->app->name, sizeof p->app->name, "%s", name);
    p->app->line = p->line;
    return true;
}

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]) != NULL; len--)
        ;
    text[len] = '\0';
    return text;
}

static bool check_listen(const struct parser *p)
{
    struct addrinfo *found = address_listen(p->config->listen);

    if (found == NULL)
        return fail(p, "no listen address", p->config->listen,
                    "write ADDR:PORT in numbers, as 127.0.0.1:8377 or [::1]:8377");
    freeaddrinfo(found);
    return true;
}

static bool check_proxies(const struct parser *p)
{
    struct address_network network;
    const char *at = p->config->trusted_proxies;

    while (*(at += strspn(at, ", ")) != '\0') {
        size_t len = strcspn(at, ", ");
        if (!address_network_parse(at, len, &network))
            return fail(p, "trusted-proxies holds", at, "write networks as 10.0.0.0/8, ::1");
        at += len;
    }
    return true;
}

/* What a value must be beyond its type. */
static bool check_value(struct parser *p, const struct key *key)
{
    if (strcmp(key->name, "listen") == 0)
        return check_listen(p);
    if (strcmp(key->name, "trusted-proxies") == 0)
        return check_proxies(p);
    if (strcmp(key->name, "default-app") == 0)
        p->default_app_line = p->line;
    return true;
}

/* "default" need not be there: a configuration may want every path to name its app. Sections follow
 * the key, so that this is seen at the end. */
static bool check_default_app(struct parser *p)
{
    const char *name = p->config->default_app;

    if (strcmp(name, "default") == 0 || config_app(p->config, name) != NULL)
        return true;
    p->line = p->default_app_line;
    return fail(p, "default-app has no section for", name, "write [app NAME] for it");
}

static bool parse_line(struct parser *p, char *line)
{
    char *text = trim(line), *equals, *name;
    const struct key *key;
    void *owner;

    if (*text == '\0' || *text == '#')
        return true;
    if (*text == '[')
        return open_section(p, text);
    equals = strchr(text, '=');
    if (equals == NULL)
        return fail(p, "no \"=\" in", text, "write key = value");
    *equals = '\0';
    name = trim(text);
    key = find_key(app_keys, COUNT(app_keys), name);
    if (key != NULL)
        owner = p->app != NULL ? p->app : &p->config->preset;
    else if (p->app == NULL && (key = find_key(global_keys, COUNT(global_keys), name)) != NULL)
        owner = p->config;
    else
        return fail_unknown_key(p, name);
    return set_value(p, owner, key, trim(equals + 1)) && check_value(p, key);
}

bool config_parse(struct config *config, const char *file, const char *text, size_t len,
                  char message[CONFIG_MESSAGE_MAX])
{
    struct parser p = {.config = config, .file = file, .message = message};
    char line[1024];

    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline == NULL ? len : (size_t)(newline - text);

        p.line++;
        if (n >= sizeof line || memchr(text, '\0', n) != NULL)
            return fail(&p, "no text line", "", "a line is text of at most 1023 bytes");
        memcpy(line, text, n);
        line[n] = '\0';
        if (!parse_line(&p, line))
            return false;
        n += newline == NULL ? 0 : 1;
        text += n;
        len -= n;
    }
    return check_default_app(&p);
}

const struct config_app *config_app(const struct config *config, const char *name)
{
    if (*name == '\0')
        name = config->default_app;
    for (size_t i = 0; i < config->app_count; i++)
        if (strcmp(config->apps[i].name, name) == 0)
            return &config->apps[i];
    return NULL;
}

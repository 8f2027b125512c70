#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

#define GROUPS_MAX 20000 /* rows before folding; more go to "other" at once */
#define TEXTS_MAX  20000

static const char other[] = "other"; /* as a key, the only one of this text */
static const struct siphash_key no_key = {{0, 0}};

/* ---- texts ---- */

struct texts {
    char *slot[TEXTS_MAX * 2];
    size_t used;
};

struct texts *texts_new(void)
{
    return calloc(1, sizeof(struct texts));
}

void texts_free(struct texts *texts)
{
    for (size_t i = 0; texts != NULL && i < TEXTS_MAX * 2; i++)
        free(texts->slot[i]);
    free(texts);
}

const char *texts_keep(struct texts *texts, const char *text)
{
    size_t at = siphash_of(&no_key, text, strlen(text)).word[0] % (TEXTS_MAX * 2);

    if (strcmp(text, other) == 0)
        return other;
    for (; texts->slot[at] != NULL; at = (at + 1) % (TEXTS_MAX * 2))
        if (strcmp(texts->slot[at], text) == 0)
            return texts->slot[at];
    if (texts->used == TEXTS_MAX || (texts->slot[at] = strdup(text)) == NULL)
        return other;
    texts->used++;
    return texts->slot[at];
}

/* ---- groups ---- */

struct group {
    struct stats_row row;
    struct stats_sums today; /* of row->day, or of the day at hand */
    int32_t day;
    bool used;
};

struct groups {
    struct group *group;
    size_t slots, used;
    bool by_day;
};

struct groups *groups_new(bool by_day)
{
    struct groups *groups = calloc(1, sizeof *groups);

    if (groups != NULL)
        groups->by_day = by_day;
    return groups;
}

void groups_free(struct groups *groups)
{
    if (groups != NULL)
        free(groups->group);
    free(groups);
}

static struct group *slot_of(const struct groups *groups, int32_t day, const char *key,
                             const char *key2)
{
    const uintptr_t what[3] = {(uintptr_t)(uint32_t)day, (uintptr_t)key, (uintptr_t)key2};
    size_t at = (size_t)siphash_of(&no_key, what, sizeof what).word[0] & (groups->slots - 1);

    for (;; at = (at + 1) & (groups->slots - 1)) {
        struct group *group = &groups->group[at];
        if (!group->used ||
            (group->row.day == day && group->row.key == key && group->row.key2 == key2))
            return group;
    }
}

static bool grow(struct groups *groups)
{
    struct groups bigger = {.slots = groups->slots == 0 ? 64 : groups->slots * 2};

    if (groups->used >= GROUPS_MAX)
        return false;
    bigger.group = calloc(bigger.slots, sizeof *bigger.group);
    if (bigger.group == NULL)
        return false;
    for (size_t i = 0; i < groups->slots; i++) {
        const struct group *old = &groups->group[i];
        if (old->used)
            *slot_of(&bigger, old->row.day, old->row.key, old->row.key2) = *old;
    }
    free(groups->group);
    groups->group = bigger.group;
    groups->slots = bigger.slots;
    return true;
}

static void add(struct stats_sums *to, const struct stats_sums *sums)
{
    to->starts += sums->starts;
    to->completes += sums->completes;
    to->failures += sums->failures;
    to->unknown += sums->unknown;
}

/* Only within one day can a start and its outcome be set off against each other. */
static void close_day(struct group *group)
{
    uint64_t outcomes = group->today.completes + group->today.failures;

    group->today.unknown = group->today.starts > outcomes ? group->today.starts - outcomes : 0;
    add(&group->row.sums, &group->today);
    memset(&group->today, 0, sizeof group->today);
}

static bool is_new(const struct groups *groups, int32_t day, const char *key, const char *key2)
{
    return groups->slots == 0 || !slot_of(groups, day, key, key2)->used;
}

/* The row's group, made when it is new, or that of "other" when there are too many. NULL without
 * memory. */
static struct group *place(struct groups *groups, int32_t day, const char *key, const char *key2)
{
    struct group *group;

    if (is_new(groups, day, key, key2) && groups->used * 2 >= groups->slots && !grow(groups)) {
        key = key == NULL ? NULL : other;
        key2 = key2 == NULL ? NULL : other;
        if (groups->slots == 0 || groups->used + 1 >= groups->slots)
            return NULL;
    }
    group = slot_of(groups, day, key, key2);
    if (!group->used) {
        *group = (struct group){.row = {.day = day, .key = key, .key2 = key2}, .used = true};
        groups->used++;
    }
    return group;
}

void groups_add(struct groups *groups, int32_t day, const char *key, const char *key2,
                const struct stats_sums *sums)
{
    struct group *group = place(groups, groups->by_day ? day : 0, key, key2);

    if (group == NULL)
        return;
    if (group->day != day)
        close_day(group);
    group->day = day;
    add(&group->today, sums);
}

uint64_t groups_installs(const struct stats_sums *sums)
{
    uint64_t outcomes = sums->completes + sums->failures;
    return sums->starts > outcomes ? sums->starts : outcomes;
}

static int compare_keys(const char *a, const char *b)
{
    if (a == b)
        return 0;
    if (a == other || b == other)
        return a == other ? 1 : -1;
    return strcmp(a, b);
}

static int compare_rows(const void *left, const void *right)
{
    const struct stats_row *a = left, *b = right;
    uint64_t a_installs = groups_installs(&a->sums), b_installs = groups_installs(&b->sums);

    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if ((a->key == other) != (b->key == other))
        return a->key == other ? 1 : -1;
    if (a_installs != b_installs)
        return a_installs > b_installs ? -1 : 1;
    return compare_keys(a->key, b->key) != 0 ? compare_keys(a->key, b->key)
                                             : compare_keys(a->key2, b->key2);
}

/* Makes a row that must not be shown by itself coarser; false when it is as coarse as it can be. */
static bool coarsen(struct stats_row *row)
{
    const char **key = row->key2 != NULL && row->key2 != other ? &row->key2 : &row->key;

    if (*key == NULL || *key == other)
        return false;
    *key = other;
    return true;
}

/* The rows in their order. Without memory there are none: nothing is better than too much. */
static bool list(const struct groups *groups, struct stats_table *table)
{
    free(table->rows);
    table->count = 0;
    table->rows = calloc(groups->used + 1, sizeof *table->rows);
    if (table->rows == NULL)
        return false;
    for (size_t i = 0; i < groups->slots; i++)
        if (groups->group[i].used)
            table->rows[table->count++] = groups->group[i].row;
    qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
    return true;
}

/* One pass moves every row that is too small, or too far down, one step up. */
static bool fold(struct stats_table *table, struct groups *folded, uint32_t k, size_t most,
                 bool *moved)
{
    size_t rank = 0;

    *moved = false;
    for (size_t i = 0; i < table->count; i++) {
        struct stats_row row = table->rows[i];
        struct group *group;

        rank = i == 0 || row.day != table->rows[i - 1].day ? 0 : rank + 1;
        if (groups_installs(&row.sums) < k || rank >= most)
            *moved |= coarsen(&row);
        group = place(folded, row.day, row.key, row.key2);
        if (group == NULL)
            return false;
        add(&group->row.sums, &row.sums);
    }
    return list(folded, table);
}

bool groups_end(struct groups *groups, uint32_t k, size_t most, struct stats_table *table)
{
    bool moved = true, ok;

    for (size_t i = 0; i < groups->slots; i++)
        if (groups->group[i].used)
            close_day(&groups->group[i]);
    table->rows = NULL;
    ok = list(groups, table);
    while (ok && moved) {
        struct groups *folded = groups_new(groups->by_day);
        ok = folded != NULL && fold(table, folded, k, most, &moved);
        groups_free(folded);
    }
    if (!ok)
        table->count = 0;
    return ok;
}

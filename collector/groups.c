#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

#define GROUPS_MAX   20000 /* rows before folding; more go to "other" at once */
#define TEXTS_MAX    20000
#define DAY_ROWS_MAX 50 /* of one day */

static const char other[] = "other";
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

    for (; texts->slot[at] != NULL; at = (at + 1) % (TEXTS_MAX * 2))
        if (strcmp(texts->slot[at], text) == 0)
            return texts->slot[at];
    if (texts->used == TEXTS_MAX)
        return NULL;
    texts->slot[at] = strdup(text);
    texts->used += texts->slot[at] == NULL ? 0 : 1;
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

void groups_sum(struct stats_sums *to, const struct stats_sums *sums)
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
    groups_sum(&group->row.sums, &group->today);
    memset(&group->today, 0, sizeof group->today);
}

static bool is_new(const struct groups *groups, int32_t day, const char *key, const char *key2)
{
    return groups->slots == 0 || !slot_of(groups, day, key, key2)->used;
}

void groups_add(struct groups *groups, int32_t day, const char *key, const char *key2,
                const struct stats_sums *sums)
{
    int32_t row_day = groups->by_day ? day : 0;
    struct group *group;

    if (is_new(groups, row_day, key, key2) && groups->used * 2 >= groups->slots && !grow(groups)) {
        key = key == NULL ? NULL : other;
        key2 = key2 == NULL ? NULL : other;
        if (groups->slots == 0 || groups->used + 1 >= groups->slots)
            return;
    }
    group = slot_of(groups, row_day, key, key2);
    if (!group->used) {
        *group = (struct group){.row = {.day = row_day, .key = key, .key2 = key2}, .day = day};
        group->used = true;
        groups->used++;
    }
    if (group->day != day)
        close_day(group);
    group->day = day;
    groups_sum(&group->today, sums);
}

uint64_t groups_installs(const struct stats_sums *sums)
{
    uint64_t outcomes = sums->completes + sums->failures;
    return sums->starts > outcomes ? sums->starts : outcomes;
}

static int compare_keys(const char *a, const char *b)
{
    bool a_last = a == NULL || strcmp(a, other) == 0, b_last = b == NULL || strcmp(b, other) == 0;

    if (a == b)
        return 0;
    if (a_last || b_last)
        return (int)a_last - (int)b_last;
    return strcmp(a, b);
}

static int compare_rows(const void *left, const void *right)
{
    const struct stats_row *a = left, *b = right;
    uint64_t a_installs = groups_installs(&a->sums), b_installs = groups_installs(&b->sums);
    bool a_last = a->key != NULL && strcmp(a->key, other) == 0;
    bool b_last = b->key != NULL && strcmp(b->key, other) == 0;

    if (a->day != b->day)
        return a->day == STATS_OTHER_DAY   ? 1
               : b->day == STATS_OTHER_DAY ? -1
               : a->day < b->day           ? -1
                                           : 1;
    if (a_last != b_last)
        return (int)a_last - (int)b_last;
    if (a_installs != b_installs)
        return a_installs > b_installs ? -1 : 1;
    return compare_keys(a->key, b->key) != 0 ? compare_keys(a->key, b->key)
                                             : compare_keys(a->key2, b->key2);
}

/* Where a row goes that must not be shown by itself; false when it is as coarse as it can be. */
static bool coarser(const struct stats_row *row, struct stats_row *to)
{
    *to = *row;
    if (row->key2 != NULL && strcmp(row->key2, other) != 0) {
        to->key2 = other;
        return true;
    }
    if (row->key != NULL && strcmp(row->key, other) != 0) {
        to->key = other;
        return true;
    }
    return false;
}

static void add_row(struct stats_table *table, const struct stats_row *row)
{
    for (size_t i = 0; i < table->count; i++) {
        struct stats_row *old = &table->rows[i];
        bool same1 = old->key == row->key ||
                     (old->key != NULL && row->key != NULL && strcmp(old->key, row->key) == 0);
        bool same2 = old->key2 == row->key2 ||
                     (old->key2 != NULL && row->key2 != NULL && strcmp(old->key2, row->key2) == 0);
        if (old->day == row->day && same1 && same2) {
            groups_sum(&old->sums, &row->sums);
            return;
        }
    }
    table->rows[table->count++] = *row;
}

/* One pass moves every row that is too small, or too far down, one step up. */
static bool fold(struct stats_table *table, uint32_t k, size_t most)
{
    int32_t day = 0;
    struct stats_row to;
    size_t count = table->count, kept = 0, rank = 0;
    bool moved = false;
    struct stats_table folds = {.rows = calloc(count + 1, sizeof *folds.rows)};

    if (folds.rows == NULL) {
        table->count = 0; /* nothing is better than too much */
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool small;

        rank = i > 0 && table->rows[i].day != day ? 0 : rank + 1;
        day = table->rows[i].day;
        small = groups_installs(&table->rows[i].sums) < k || rank >= most;
        if (small && coarser(&table->rows[i], &to)) {
            add_row(&folds, &to);
            moved = true;
        } else {
            table->rows[kept++] = table->rows[i];
        }
    }
    table->count = kept;
    for (size_t i = 0; i < folds.count; i++)
        add_row(table, &folds.rows[i]);
    free(folds.rows);
    qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
    return moved;
}

bool groups_end(struct groups *groups, uint32_t k, struct stats_table *table)
{
    table->count = 0;
    table->rows = calloc(groups->used + 1, sizeof *table->rows);
    if (table->rows == NULL)
        return false;
    for (size_t i = 0; i < groups->slots; i++)
        if (groups->group[i].used) {
            close_day(&groups->group[i]);
            table->rows[table->count++] = groups->group[i].row;
        }
    qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
    while (fold(table, k, groups->by_day ? DAY_ROWS_MAX : STATS_ROWS_MAX))
        ;
    return true;
}

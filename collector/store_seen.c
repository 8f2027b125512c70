#include "store_seen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

void seen_release(struct seen *seen, size_t *slots_all)
{
    free(seen->key);
    free(seen->times);
    free(seen->registers);
    *slots_all -= seen->slots;
    memset(seen, 0, sizeof *seen);
}

void seen_clear(struct seen *seen)
{
    if (seen->slots > 0) {
        memset(seen->key, 0, seen->slots * sizeof *seen->key);
        memset(seen->times, 0, seen->slots * sizeof *seen->times);
    }
    seen->used = 0;
    free(seen->registers);
    seen->registers = NULL;
}

/* The key's slot, or the free one where it belongs. A key is never 0. */
static size_t slot_of(const struct seen *seen, uint64_t key)
{
    size_t slot = (size_t)key & (seen->slots - 1);

    while (seen->key[slot] != 0 && seen->key[slot] != key)
        slot = (slot + 1) & (seen->slots - 1);
    return slot;
}

static bool grow(struct seen *seen, size_t *slots_all)
{
    size_t slots = seen->slots == 0 ? FIRST_SLOTS : seen->slots * 2;
    struct seen bigger = {.slots = slots, .used = seen->used, .registers = seen->registers};

    if (slots > 2 * (size_t)SEEN_EXACT_MAX || *slots_all + slots > SEEN_SLOTS_ALL)
        return false;
    bigger.key = calloc(slots, sizeof *bigger.key);
    bigger.times = calloc(slots, sizeof *bigger.times);
    if (bigger.key == NULL || bigger.times == NULL) {
        free(bigger.key);
        free(bigger.times);
        return false;
    }
    for (size_t i = 0; i < seen->slots; i++) {
        if (seen->key[i] == 0)
            continue;
        size_t slot = slot_of(&bigger, seen->key[i]);
        bigger.key[slot] = seen->key[i];
        bigger.times[slot] = seen->times[i];
    }
    *slots_all += slots - seen->slots;
    free(seen->key);
    free(seen->times);
    seen->slots = bigger.slots;
    seen->key = bigger.key;
    seen->times = bigger.times;
    return true;
}

/* HyperLogLog: the register remembers the longest run of leading zeros it was shown. */
static void note(struct seen *seen, uint64_t key)
{
    size_t at = (size_t)(key % SEEN_REGISTERS);
    uint64_t rest = key / SEEN_REGISTERS;
    unsigned char run = 1;

    for (uint64_t bit = UINT64_C(1) << 49; bit != 0 && (rest & bit) == 0; bit >>= 1)
        run++;
    if (run > seen->registers[at])
        seen->registers[at] = run;
}

static void start_estimate(struct seen *seen)
{
    seen->registers = calloc(SEEN_REGISTERS, 1);
    for (size_t i = 0; seen->registers != NULL && i < seen->slots; i++)
        if (seen->key[i] != 0)
            note(seen, seen->key[i]);
}

enum seen_result seen_add(struct seen *seen, uint64_t key, uint32_t cap, size_t *slots_all)
{
    size_t slot = 0;
    bool known;

    key += key == 0 ? 1 : 0;
    if (seen->slots == 0 && !grow(seen, slots_all))
        return SEEN_UNTRACKED;
    slot = slot_of(seen, key);
    known = seen->key[slot] == key;
    if (!known && seen->registers == NULL && seen->used * 2 >= seen->slots) {
        if (grow(seen, slots_all))
            slot = slot_of(seen, key);
        else
            start_estimate(seen);
    }
    if (!known && seen->registers != NULL) {
        note(seen, key);
        return SEEN_UNTRACKED;
    }
    if (!known && seen->used * 2 >= seen->slots)
        return SEEN_UNTRACKED; /* no memory for the estimate either */
    if (cap != 0 && seen->times[slot] >= cap)
        return SEEN_CAPPED;
    seen->used += known ? 0 : 1;
    seen->key[slot] = key;
    if (seen->times[slot] < UINT16_MAX)
        seen->times[slot]++;
    return seen->times[slot] == 1 ? SEEN_NEW : SEEN_AGAIN;
}

bool seen_undo(struct seen *seen, uint64_t key)
{
    size_t slot;

    key += key == 0 ? 1 : 0;
    if (seen->slots == 0)
        return false;
    slot = slot_of(seen, key);
    if (seen->key[slot] != key || seen->times[slot] == 0)
        return false;
    return --seen->times[slot] == 0;
}

uint64_t seen_estimate(const struct seen *seen)
{
    const double m = SEEN_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
    double sum = 0, estimate;
    size_t empty = 0;

    if (seen->registers == NULL)
        return seen->used;
    for (size_t i = 0; i < SEEN_REGISTERS; i++) {
        sum += ldexp(1, -seen->registers[i]);
        empty += seen->registers[i] == 0 ? 1 : 0;
    }
    estimate = alpha * m * m / sum;
    if (estimate <= 2.5 * m && empty > 0)
        estimate = m * log(m / (double)empty);
    return (uint64_t)(estimate + 0.5);
}

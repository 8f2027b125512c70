#include "nearest.h"

#include <stdint.h>
#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t edits_between(const char *a, const char *b)
{
    size_t row[NEAREST_WORD_MAX + 1], a_len = strlen(a), b_len = strlen(b);

    a_len = a_len < NEAREST_WORD_MAX ? a_len : NEAREST_WORD_MAX;
    b_len = b_len < NEAREST_WORD_MAX ? b_len : NEAREST_WORD_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

struct nearest nearest_start(const char *word)
{
    return (struct nearest){.word = word, .best = "", .edits = SIZE_MAX};
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    size_t edits = edits_between(nearest->word, candidate);

    if (edits < nearest->edits) {
        nearest->edits = edits;
        nearest->best = candidate;
    }
}

#include "nearest.h"

#include <string.h>

#define WORD_MAX 32

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein's edit distance, with one row of the table at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

const char *nearest_word(const char *text, size_t len, const char *const *words)
{
    const char *best = NULL;
    size_t best_distance = len / 2 + 1;

    if (len > WORD_MAX)
        return NULL;
    for (; *words != NULL; words++) {
        size_t word_len = strlen(*words);
        size_t d = word_len > WORD_MAX ? WORD_MAX : distance(text, len, *words, word_len);
        if (d < best_distance) {
            best = *words;
            best_distance = d;
        }
    }
    return best;
}

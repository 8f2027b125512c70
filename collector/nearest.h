/* "Did you mean ...?": the known word that is the fewest edits away. */
#ifndef FOOTFALL_NEAREST_H
#define FOOTFALL_NEAREST_H

#include <stddef.h>

#define NEAREST_WORD_MAX 64 /* longer words are compared by their beginning */

struct nearest {
    const char *word, *best;
    size_t edits;
};

struct nearest nearest_start(const char *word);
void nearest_try(struct nearest *nearest, const char *candidate);

#endif

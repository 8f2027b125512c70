/* "Did you mean ...?" */
#ifndef FOOTFALL_NEAREST_H
#define FOOTFALL_NEAREST_H

#include <stddef.h>

/* The word (the list ends with NULL) that differs least from text, or NULL when none is near. */
const char *nearest_word(const char *text, size_t len, const char *const *words);

#endif

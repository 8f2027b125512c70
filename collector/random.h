/* Random bytes from the system's generator. */
#ifndef FOOTFALL_RANDOM_H
#define FOOTFALL_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* False when the system has none to give. */
__attribute__((warn_unused_result)) bool random_bytes(void *out, size_t len);

#endif

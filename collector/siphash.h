/* SipHash-2-4 with a 128-bit result (Aumasson and Bernstein): a keyed hash for short inputs.
 *
 * Without the key nobody can tell which input a hash belongs to, nor choose inputs that collide. */
#ifndef FOOTFALL_SIPHASH_H
#define FOOTFALL_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t word[2];
};
struct siphash {
    uint64_t word[2];
};

struct siphash siphash_of(const struct siphash_key *key, const void *bytes, size_t len);

#endif

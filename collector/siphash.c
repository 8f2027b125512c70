#include "siphash.h"

#include <string.h>

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    while (count-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* The reference reads little-endian words whatever the machine; so do stored hashes. */
static uint64_t word_at(const unsigned char *bytes, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

struct siphash siphash_of(const struct siphash_key *key, const void *input, size_t len)
{
    const unsigned char *bytes = input;
    struct siphash hash;
    size_t whole = len / 8 * 8;
    uint64_t v[4] = {
        key->word[0] ^ UINT64_C(0x736f6d6570736575),
        key->word[1] ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
        key->word[0] ^ UINT64_C(0x6c7967656e657261),
        key->word[1] ^ UINT64_C(0x7465646279746573),
    };

    for (size_t i = 0; i < whole; i += 8)
        absorb(v, word_at(bytes + i, 8));
    absorb(v, (uint64_t)len << 56 | word_at(bytes + whole, len - whole));
    v[2] ^= 0xee;
    rounds(v, 4);
    hash.word[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    hash.word[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
    return hash;
}

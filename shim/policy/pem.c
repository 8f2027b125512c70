#include "pem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The value of each base64 digit from '+' on (RFC 4648, section 4); NO stands for what is none. A
 * table, because nobody can guess which way a comparison of random text goes, a processor least. */
#define NO 64
static const unsigned char digits['z' - '+' + 1] = {
    62, NO, NO, NO, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO,
    NO, NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,
    18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO, NO, 26, 27, 28, 29, 30, 31,
    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
};

static unsigned digit(unsigned char c)
{
    unsigned at = c - (unsigned)'+';
    return at < sizeof digits ? digits[at] : NO;
}

/* Decodes up to the first "-"; *at is moved behind what was read. Padding and white space end
 * nothing and count for nothing. False: there is another byte, or no "-". */
static bool decode(const unsigned char *bytes, size_t len, size_t *at, unsigned char *out,
                   size_t *out_len)
{
    uint32_t bits = 0;
    unsigned held = 0;

    *out_len = 0;
    for (; *at < len && bytes[*at] != '-'; ++*at) {
        unsigned char c = bytes[*at];
        unsigned value = digit(c);
        if (value == NO) {
            if (c == '\n' || c == '\r' || c == '=' || c == ' ' || c == '\t')
                continue;
            return false;
        }
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[(*out_len)++] = (unsigned char)(bits >> held);
        }
    }
    return *at < len;
}

/* The first place from at on where the marker stands, or len. */
static size_t find(const unsigned char *bytes, size_t len, size_t at, const char *marker,
                   size_t marker_len)
{
    while (len - at >= marker_len) {
        const unsigned char *dash = memchr(bytes + at, '-', len - at - marker_len + 1);
        if (dash == NULL)
            break;
        if (memcmp(dash, marker, marker_len) == 0)
            return (size_t)(dash - bytes);
        at = (size_t)(dash - bytes) + 1;
    }
    return len;
}

size_t pem_to_der(unsigned char *bytes, size_t len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    size_t done = 0, at = 0;

    while ((at = find(bytes, len, at, begin, sizeof begin - 1)) < len) {
        size_t der_len;
        at += sizeof begin - 1;
        /* Four digits make three bytes: what is written never reaches what is still to be read. */
        if (decode(bytes, len, &at, bytes + done, &der_len))
            done += der_len;
    }
    return done;
}

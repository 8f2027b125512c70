#include "pem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The value of a base64 digit (RFC 4648, section 4), or 64. */
static unsigned digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 0u;
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26u;
    if (c >= '0' && c <= '9')
        return c - '0' + 52u;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
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
        if (value == 64) {
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

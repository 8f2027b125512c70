#include "strict.h"

#include <stdint.h>

struct cursor {
    const unsigned char *at, *end;
};

static bool next_is(const struct cursor *c, unsigned low, unsigned high)
{
    return c->at < c->end && *c->at >= low && *c->at <= high;
}

/* The table of RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
static bool skip_utf8(struct cursor *c)
{
    unsigned first = *c->at++, low = 0x80, high = 0xbf, more;

    if (first < 0x80)
        return true;
    if (first >= 0xc2 && first <= 0xdf)
        more = 1;
    else if (first >= 0xe0 && first <= 0xef)
        more = 2;
    else if (first >= 0xf0 && first <= 0xf4)
        more = 3;
    else
        return false;
    low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : low;
    high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : high;
    for (; more > 0; more--, c->at++, low = 0x80, high = 0xbf)
        if (!next_is(c, low, high))
            return false;
    return true;
}

static bool read_hex(struct cursor *c, uint32_t *code)
{
    *code = 0;
    if (c->end - c->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        unsigned char d = *c->at++;
        uint32_t value = d >= '0' && d <= '9'   ? (uint32_t)(d - '0')
                         : d >= 'a' && d <= 'f' ? d - 'a' + 10u
                         : d >= 'A' && d <= 'F' ? d - 'A' + 10u
                                                : 16;
        if (value == 16)
            return false;
        *code = *code << 4 | value;
    }
    return true;
}

static bool skip_unicode_escape(struct cursor *c)
{
    uint32_t code, low;

    if (!read_hex(c, &code) || code == 0 || (code >= 0xdc00 && code <= 0xdfff))
        return false;
    if (code < 0xd800 || code > 0xdbff)
        return true;
    if (c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u')
        return false;
    c->at += 2;
    return read_hex(c, &low) && low >= 0xdc00 && low <= 0xdfff;
}

static bool skip_escape(struct cursor *c)
{
    if (c->at == c->end)
        return false;
    switch (*c->at++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    case 'u':
        return skip_unicode_escape(c);
    default:
        return false;
    }
}

/* Behind the opening quote; ends behind the closing one. */
static bool skip_string(struct cursor *c)
{
    while (c->at < c->end) {
        if (*c->at == '"') {
            c->at++;
            return true;
        }
        if (*c->at < 0x20)
            return false;
        if (*c->at == '\\') {
            c->at++;
            if (!skip_escape(c))
                return false;
        } else if (!skip_utf8(c)) {
            return false;
        }
    }
    return false;
}

static bool skip_digits(struct cursor *c)
{
    const unsigned char *start = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > start;
}

static bool skip_if(struct cursor *c, const char *either)
{
    for (; *either != '\0'; either++)
        if (c->at < c->end && *c->at == (unsigned char)*either) {
            c->at++;
            return true;
        }
    return false;
}

static bool skip_number(struct cursor *c)
{
    skip_if(c, "-");
    if (!skip_if(c, "0") && !skip_digits(c))
        return false;
    if (skip_if(c, ".") && !skip_digits(c))
        return false;
    if (skip_if(c, "eE")) {
        skip_if(c, "+-");
        if (!skip_digits(c))
            return false;
    }
    return !next_is(c, '0', '9');
}

bool strict_json_bytes(const char *text, size_t len)
{
    struct cursor c = {(const unsigned char *)text, (const unsigned char *)text + len};
    int depth = 0;

    while (c.at < c.end) {
        unsigned char byte = *c.at++;

        if (byte == '"') {
            if (!skip_string(&c))
                return false;
        } else if (byte == '{' || byte == '[') {
            if (++depth > STRICT_DEPTH_MAX)
                return false;
        } else if (byte == '}' || byte == ']') {
            if (--depth < 0)
                return false;
        } else if (byte == '-' || byte == '+' || (byte >= '0' && byte <= '9')) {
            c.at--;
            if (!skip_number(&c))
                return false;
        } else if (byte > 0x7e || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')) {
            return false;
        }
    }
    return depth == 0;
}

#include "cid.h"

#include <string.h>

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool cid_is_canonical(const char *text, size_t len)
{
    if (len != CID_LEN)
        return false;
    for (size_t i = 0; i < CID_LEN; i++) {
        bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (is_dash_place(i) ? text[i] != '-' : !hex)
            return false;
    }
    return text[14] == '4' && strchr("89ab", text[19]) != NULL;
}

/* Folds UTF-16 and UTF-8 with a byte order mark to plain bytes; returns how many. A character
 * beyond ASCII becomes a byte that no id holds. */
static size_t to_ascii(const unsigned char *bytes, size_t len, char *out)
{
    size_t n = 0, low = 0, step = 1;

    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    } else if (len >= 2 &&
               (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        low = bytes[0] == 0xff ? 0 : 1;
        step = 2;
        bytes += 2;
        len -= 2;
    } else if (len >= 2 && (bytes[0] == 0) != (bytes[1] == 0)) {
        /* UTF-16 without a mark: one half of an ASCII character is zero. */
        low = bytes[0] == 0 ? 1 : 0;
        step = 2;
    }
    for (size_t i = 0; i + step <= len; i += step) {
        bool plain = bytes[i + low] < 0x80 && (step == 1 || bytes[i + 1 - low] == 0);
        out[n++] = (char)(plain ? bytes[i + low] : '?');
    }
    return n;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool cid_parse(const unsigned char *bytes, size_t len, char cid[CID_LEN + 1])
{
    char text[CID_FILE_MAX];
    size_t start = 0;
    size_t end = to_ascii(bytes, len < CID_FILE_MAX ? len : CID_FILE_MAX, text);

    while (start < end && is_space(text[start]))
        start++;
    while (end > start && is_space(text[end - 1]))
        end--;
    for (size_t i = start; i < end; i++)
        if (text[i] >= 'A' && text[i] <= 'F')
            text[i] = (char)(text[i] - 'A' + 'a');
    if (!cid_is_canonical(text + start, end - start))
        return false;
    memcpy(cid, text + start, CID_LEN);
    cid[CID_LEN] = '\0';
    return true;
}

void cid_format(const unsigned char random[16], char cid[CID_LEN + 1])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    size_t at = 0;

    memcpy(b, random, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    for (size_t i = 0; i < sizeof b; i++) {
        if (is_dash_place(at))
            cid[at++] = '-';
        cid[at++] = hex[b[i] >> 4];
        cid[at++] = hex[b[i] & 0x0f];
    }
    cid[at] = '\0';
}

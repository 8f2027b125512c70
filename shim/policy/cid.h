/* The anonymous client id: a random UUID, version 4 (RFC 9562, section 5.4). */
#ifndef FOOTFALL_CID_H
#define FOOTFALL_CID_H

#include <stdbool.h>
#include <stddef.h>

#define CID_LEN      36  /* characters, without a NUL */
#define CID_FILE_MAX 256 /* bytes of an id file that are looked at */

/* True for a UUIDv4 in lower case. */
bool cid_is_canonical(const char *text, size_t len);

/* Finds the id in the bytes of an id file, however a system's own tools wrote them: upper case,
 * white space round it, CRLF, a byte order mark, UTF-16 of either order. False when the content
 * is anything else; then cid is left alone. */
bool cid_parse(const unsigned char *bytes, size_t len, char cid[CID_LEN + 1]);

/* Makes an id of 16 random bytes. */
void cid_format(const unsigned char random[16], char cid[CID_LEN + 1]);

#endif

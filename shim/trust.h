/* Which certificate authorities a TLS connection trusts. */
#ifndef FOOTFALL_TRUST_H
#define FOOTFALL_TRUST_H

#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct trust; /* the anchors, in the form they were found */

/* Finds the anchors: in the file that cacert names, and nowhere else, unless it is ""; else where
 * the system keeps them; else in the small set built in. NULL, and why in error: the named file
 * cannot be used, or memory ran out. */
struct trust *trust_open(const char *cacert, char *error, size_t error_size);
void trust_close(struct trust *trust);

/* Makes a TLS configuration look its issuers up in the anchors. It must not outlive trust. */
void trust_install(struct trust *trust, mbedtls_ssl_config *config);

/* ---- for trust_system.c and its siblings, one for each kind of system ---- */

/* Takes an anchor, DER. */
typedef void trust_take(void *context, const unsigned char *der, size_t len);

/* The n-th file in which systems keep their anchors as PEM; NULL when there is no n-th. */
const char *trust_system_file(size_t n);

/* Hands over the anchors of the system's own store with this subject (DER). False: there is no
 * such store. */
bool trust_system_find(const unsigned char *subject, size_t len, trust_take *take, void *context);

#endif

/* PEM bundles of certificates (RFC 7468), as systems keep their trust anchors. */
#ifndef FOOTFALL_PEM_H
#define FOOTFALL_PEM_H

#include <stddef.h>

/* Turns a bundle, in its own place, into the DER of its certificates, one behind the other, and
 * returns the length of that. What is no whole certificate is left out. Not in constant time:
 * certificates are no secret, and a bundle of 220 kB is read for every event. */
size_t pem_to_der(unsigned char *bytes, size_t len);

#endif

/* Systems that keep their trust anchors in files. */
#include <stddef.h>

#include "trust.h"

/* As in Go's crypto/x509 (root_linux.go, root_bsd.go), the longest list that is tested in the wild.
 */
static const char *const files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Alpine, NixOS, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/pki/tls/cacert.pem",                           /* OpenELEC */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 */
    "/etc/ssl/cert.pem",                                 /* Alpine, macOS, OpenBSD, FreeBSD 12 */
    "/usr/local/etc/ssl/cert.pem",                       /* FreeBSD */
    "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD */
    "/etc/certs/ca-certificates.crt",                    /* Solaris 11.2 */
};

const char *trust_system_file(size_t n)
{
    return n < sizeof files / sizeof *files ? files[n] : NULL;
}

bool trust_system_find(const unsigned char *subject, size_t len, trust_take *take, void *context)
{
    (void)subject;
    (void)len;
    (void)take;
    (void)context;
    return false;
}

#include "trust.h"

#include <mbedtls/asn1.h>
#include <mbedtls/platform.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pem.h"
#include "plat.h"
#include "roots.h" /* made by scripts/roots-header */

#define BUNDLE_MAX (4u << 20) /* bytes; Mozilla's whole set is 220 kB */

enum source { FROM_BUNDLE, FROM_STORE, BUILT_IN };

struct trust {
    enum source source;
    unsigned char *der; /* FROM_BUNDLE: certificates, one behind the other */
    size_t der_len;
};

/* The system's random numbers are all that TLS uses: plat_random() falls back where a kernel or a
 * sandbox refuses the first call. */
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *out, size_t len, size_t *out_len)
{
    (void)context;
    *out_len = plat_random(out, len) ? len : 0;
    return *out_len == len ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}

static bool read_bundle(struct trust *trust, const char *path)
{
    size_t len;

    trust->der = plat_read_file(path, BUNDLE_MAX, &len);
    if (trust->der == NULL)
        return false;
    trust->der_len = pem_to_der(trust->der, len);
    if (trust->der_len > 0)
        return true;
    free(trust->der);
    trust->der = NULL;
    return false;
}

static void ignore_anchor(void *context, const unsigned char *der, size_t len)
{
    (void)context;
    (void)der;
    (void)len;
}

struct trust *trust_open(const char *cacert, char *error, size_t error_size)
{
    struct trust *trust = calloc(1, sizeof *trust);
    const char *path;

    if (trust == NULL) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    if (cacert[0] != '\0') {
        if (read_bundle(trust, cacert))
            return trust;
        snprintf(error, error_size, "no certificates can be read from %s", cacert);
        free(trust);
        return NULL;
    }
    if (trust_system_find((const unsigned char *)"", 0, ignore_anchor, NULL)) {
        trust->source = FROM_STORE;
        return trust;
    }
    for (size_t n = 0; (path = trust_system_file(n)) != NULL; n++)
        if (read_bundle(trust, path))
            return trust;
    trust->source = BUILT_IN;
    return trust;
}

void trust_close(struct trust *trust)
{
    if (trust != NULL)
        free(trust->der);
    free(trust);
}

/* Where the subject stands in a certificate (RFC 5280, section 4.1), without parsing the rest. */
static bool find_subject(const unsigned char *der, size_t der_len, const unsigned char **subject,
                         size_t *subject_len)
{
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    const int version = MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | 0;
    const int before[] = {MBEDTLS_ASN1_INTEGER, sequence, sequence, sequence};
    unsigned char *p = (unsigned char *)(uintptr_t)der; /* mbedTLS reads through it, no more */
    const unsigned char *end = der + der_len;
    size_t len;

    if (mbedtls_asn1_get_tag(&p, end, &len, sequence) != 0 ||
        mbedtls_asn1_get_tag(&p, end, &len, sequence) != 0)
        return false;
    if (mbedtls_asn1_get_tag(&p, end, &len, version) == 0)
        p += len;
    /* serial number, signature algorithm, issuer, validity */
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        if (mbedtls_asn1_get_tag(&p, end, &len, before[i]) != 0)
            return false;
        p += len;
    }
    *subject = p;
    if (mbedtls_asn1_get_tag(&p, end, &len, sequence) != 0)
        return false;
    *subject_len = (size_t)(p - *subject) + len;
    return true;
}

/* What one look-up collects. */
struct search {
    const mbedtls_x509_buf *issuer;
    mbedtls_x509_crt *found;
    int error;
};

static void consider(void *context, const unsigned char *der, size_t len)
{
    struct search *search = context;
    const unsigned char *subject;
    size_t subject_len;

    if (!find_subject(der, len, &subject, &subject_len) || subject_len != search->issuer->len ||
        memcmp(subject, search->issuer->p, subject_len) != 0)
        return;
    if (search->found == NULL) {
        search->found = mbedtls_calloc(1, sizeof *search->found);
        if (search->found == NULL) {
            search->error = MBEDTLS_ERR_X509_ALLOC_FAILED;
            return;
        }
        mbedtls_x509_crt_init(search->found);
    }
    /* An anchor that mbedTLS cannot use is none; another of the same name may do. */
    (void)mbedtls_x509_crt_parse_der(search->found, der, len);
}

static void search_bundle(const struct trust *trust, struct search *search)
{
    unsigned char *at = trust->der;
    const unsigned char *end = trust->der + trust->der_len;

    while (at < end) {
        unsigned char *content = at;
        size_t len;
        if (mbedtls_asn1_get_tag(&content, end, &len,
                                 MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
            return;
        consider(search, at, (size_t)(content - at) + len);
        at = content + len;
    }
}

static void search_built_in(struct search *search)
{
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        consider(search, roots[i].der, roots[i].len);
}

/* mbedTLS asks for the anchors that may have signed child: only those are ever parsed. It frees
 * the list. */
static int find_anchors(void *context, const mbedtls_x509_crt *child, mbedtls_x509_crt **anchors)
{
    const struct trust *trust = context;
    struct search search = {.issuer = &child->issuer_raw};

    switch (trust->source) {
    case FROM_BUNDLE:
        search_bundle(trust, &search);
        break;
    case FROM_STORE:
        trust_system_find(child->issuer_raw.p, child->issuer_raw.len, consider, &search);
        /* Windows fetches a public root when its own TLS first meets it; until then it is not
         * there. */
        if (search.found == NULL)
            search_built_in(&search);
        break;
    case BUILT_IN:
        search_built_in(&search);
        break;
    }
    *anchors = search.found;
    return search.error;
}

void trust_install(struct trust *trust, mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_ca_cb(config, find_anchors, trust);
}

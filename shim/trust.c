#include "trust.h"

#include <mbedtls/asn1.h>
#include <mbedtls/base64.h>
#include <mbedtls/entropy.h>
#include <mbedtls/platform.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plat.h"
#include "roots.h" /* made by scripts/roots-header */

#define BUNDLE_MAX (4u << 20) /* bytes; Mozilla's whole set is 220 kB */
#define ANCHOR_MAX 8192       /* bytes of one certificate, DER */

enum source { FROM_BUNDLE, FROM_STORE, BUILT_IN };

struct trust {
    enum source source;
    unsigned char *pem; /* FROM_BUNDLE, ends with a NUL */
};

/* The system's random numbers are mbedTLS's only source: plat_random() falls back where a kernel
 * or a sandbox refuses the first call, which mbedTLS's own does not. */
int mbedtls_hardware_poll(void *data, unsigned char *out, size_t len, size_t *olen);
int mbedtls_hardware_poll(void *data, unsigned char *out, size_t len, size_t *olen)
{
    (void)data;
    *olen = plat_random(out, len) ? len : 0;
    return *olen == len ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

static unsigned char *read_bundle(const char *path)
{
    size_t len;
    unsigned char *pem = plat_read_file(path, BUNDLE_MAX, &len);

    if (pem != NULL)
        pem[len] = '\0'; /* plat_read_file() leaves room for it */
    if (pem != NULL && strstr((char *)pem, "-----BEGIN CERTIFICATE-----") == NULL) {
        free(pem);
        pem = NULL;
    }
    return pem;
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
        trust->pem = read_bundle(cacert);
        if (trust->pem != NULL)
            return trust;
        snprintf(error, error_size, "no certificates can be read from %s", cacert);
        free(trust);
        return NULL;
    }
    if (trust_system_find((const unsigned char *)"", 0, ignore_anchor, NULL)) {
        trust->source = FROM_STORE;
        return trust;
    }
    for (size_t n = 0; trust->pem == NULL && (path = trust_system_file(n)) != NULL; n++)
        trust->pem = read_bundle(path);
    if (trust->pem == NULL)
        trust->source = BUILT_IN;
    return trust;
}

void trust_close(struct trust *trust)
{
    if (trust != NULL)
        free(trust->pem);
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

static void search_bundle(const char *pem, struct search *search)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
    unsigned char der[ANCHOR_MAX];

    while ((pem = strstr(pem, begin)) != NULL) {
        const char *text = pem + sizeof begin - 1;
        const char *stop = strstr(text, end);
        size_t len;
        if (stop == NULL)
            return;
        if (mbedtls_base64_decode(der, sizeof der, &len, (const unsigned char *)text,
                                  (size_t)(stop - text)) == 0)
            consider(search, der, len);
        pem = stop;
    }
}

/* mbedTLS asks for the anchors that may have signed child: only those are ever parsed. It frees
 * the list. */
static int find_anchors(void *context, const mbedtls_x509_crt *child, mbedtls_x509_crt **anchors)
{
    const struct trust *trust = context;
    struct search search = {.issuer = &child->issuer_raw};

    switch (trust->source) {
    case FROM_BUNDLE:
        search_bundle((const char *)trust->pem, &search);
        break;
    case FROM_STORE:
        trust_system_find(child->issuer_raw.p, child->issuer_raw.len, consider, &search);
        break;
    case BUILT_IN:
        for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
            consider(&search, roots[i].der, roots[i].len);
        break;
    }
    *anchors = search.found;
    return search.error;
}

void trust_install(struct trust *trust, mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_ca_cb(config, find_anchors, trust);
}

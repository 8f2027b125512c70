/*
 * Read before every source file of libcurl: what its configure script has no switch for.
 *
 * failf() writes prose for CURLOPT_ERRORBUFFER, which nobody here sets: the result code says
 * enough. A name given to an mbedTLS function here is one of the refusals in curl.c: client
 * certificates, session resumption and CA files by name do not exist in this project, and what
 * serves only them is then left out.
 */
#ifndef TRIM_CURL_H
#define TRIM_CURL_H

#define mbedtls_pk_parse_key             trim_pk_parse_key
#define mbedtls_pk_write_pubkey_der      trim_pk_write_pubkey_der
#define mbedtls_ssl_conf_own_cert        trim_ssl_conf_own_cert
#define mbedtls_ssl_get_ciphersuite_name trim_ssl_get_ciphersuite_name
#define mbedtls_ssl_get_session          trim_ssl_get_session
#define mbedtls_ssl_session_load         trim_ssl_session_load
#define mbedtls_ssl_session_save         trim_ssl_session_save
#define mbedtls_ssl_set_session          trim_ssl_set_session
#define mbedtls_x509_crt_parse           trim_x509_crt_parse

/* For the files that call these and do not define them: nothing is pinned or resolved by hand, and
 * random numbers come from the one place that asks the system for them. */
#ifdef TRIM_CALLS
#define Curl_loadhostpairs   trim_loadhostpairs
#define Curl_pin_peer_pubkey trim_pin_peer_pubkey
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#define mbedtls_entropy_init(...)  ((void)0)
#define mbedtls_entropy_free(...)  ((void)0)
#define mbedtls_ctr_drbg_init(...) ((void)0)
#define mbedtls_ctr_drbg_free(...) ((void)0)
#define mbedtls_ctr_drbg_seed(...) 0
#define mbedtls_ctr_drbg_random    trim_random
int trim_random(void *context, unsigned char *out, size_t len);
#endif

#include "curl_setup.h"
#undef HAVE_ALARM /* no signals: the deadline belongs to the caller */
#undef HAVE_IF_NAMETOINDEX
#undef CURL_MACOS_CALL_COPYPROXIES /* a framework, for the sake of NAT64 */

#include "urldata.h"
#include "curl_trc.h"
#undef snprintf
#define snprintf trim_snprintf
int trim_snprintf(char *buf, size_t size, const char *format, ...);
#undef failf
#define failf(...) ((void)0)

/* A redirect is noted and not followed. */
CURLcode trim_http_follow(struct Curl_easy *data, const char *newurl, followtype type);

/* What is sent comes from memory. */
#define fread      trim_fread
#define fseek(...) (-1)
size_t trim_fread(void *out, size_t size, size_t count, FILE *file);

/* TLS ends its handshake with two short records, and there is a request to follow at once: one
 * packet for all three. A last word of TLS goes with the end of the connection likewise. */
#ifdef MSG_MORE
#undef swrite
#define swrite(socket, bytes, len)                                                                 \
    send(socket, bytes, len, SEND_4TH_ARG | trim_more((const unsigned char *)(bytes), len))
static inline int trim_more(const unsigned char *record, size_t len)
{
    const unsigned char change_cipher_spec = 20, application_data = 23;

    if (len > 0 && (record[0] == change_cipher_spec || (record[0] == application_data && len < 96)))
        return MSG_MORE;
    return 0;
}
#endif

#endif

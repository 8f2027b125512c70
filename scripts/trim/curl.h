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

/* For the files that call these and do not define them: nothing is followed, pinned or resolved by
 * hand. */
#ifdef TRIM_CALLS
#define Curl_http_follow     trim_http_follow
#define Curl_loadhostpairs   trim_loadhostpairs
#define Curl_pin_peer_pubkey trim_pin_peer_pubkey
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

#endif

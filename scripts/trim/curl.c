/*
 * The parts of libcurl that this project has no use for, as stand-ins that refuse or do nothing.
 * They take the place of the source files named in each heading, and are compiled against libcurl's
 * own headers.
 */
#include "trim/curl.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "cf-haproxy.h"
#include "cf-https-connect.h"
#include "getinfo.h"
#include "hostip.h"
#include "http.h"
#include "multi_ev.h"
#include "socks.h"
#include "strerror.h"
#include "vtls/cipher_suite.h"
#include "vtls/vtls.h"
#include "vtls/vtls_int.h"
#include "vtls/vtls_scache.h"
#include "vtls/x509asn1.h"

/* socks.c and cf-haproxy.c: the proxies that the environment names speak HTTP. */
CURLcode Curl_cf_socks_proxy_insert_after(struct Curl_cfilter *cf_at, struct Curl_easy *data)
{
    (void)cf_at, (void)data;
    return CURLE_UNSUPPORTED_PROTOCOL;
}

CURLcode Curl_cf_haproxy_insert_after(struct Curl_cfilter *cf_at, struct Curl_easy *data)
{
    (void)cf_at, (void)data;
    return CURLE_UNSUPPORTED_PROTOCOL;
}

/* cf-https-connect.c: the race between HTTP/3, HTTP/2 and HTTP/1.1, of which there is only the
 * last. */
CURLcode Curl_cf_https_setup(struct Curl_easy *data, struct connectdata *conn, int sockindex)
{
    (void)data, (void)conn, (void)sockindex;
    return CURLE_OK;
}

/* getinfo.c: of a hundred facts about a transfer, the status. */
CURLcode Curl_getinfo(struct Curl_easy *data, CURLINFO info, ...)
{
    CURLcode result = CURLE_OK;
    va_list arg;

    va_start(arg, info);
    if (info == CURLINFO_RESPONSE_CODE)
        *va_arg(arg, long *) = data->info.httpcode;
    else
        result = CURLE_UNKNOWN_OPTION;
    va_end(arg);
    return result;
}

CURLcode Curl_initinfo(struct Curl_easy *data)
{
    free(data->info.contenttype);
    free(data->info.wouldredirect);
    memset(&data->info, 0, sizeof data->info);
    return CURLE_OK;
}

/* multi_ev.c: sockets that the caller watches. */
void Curl_multi_ev_init(struct Curl_multi *multi, size_t hashsize)
{
    (void)multi, (void)hashsize;
}

void Curl_multi_ev_cleanup(struct Curl_multi *multi)
{
    (void)multi;
}

CURLMcode Curl_multi_ev_assign(struct Curl_multi *multi, curl_socket_t s, void *user_data)
{
    (void)multi, (void)s, (void)user_data;
    return CURLM_BAD_SOCKET;
}

CURLMcode Curl_multi_ev_assess_xfer(struct Curl_multi *multi, struct Curl_easy *data)
{
    (void)multi, (void)data;
    return CURLM_OK;
}

CURLMcode Curl_multi_ev_assess_xfer_bset(struct Curl_multi *multi, struct uint_bset *set)
{
    (void)multi, (void)set;
    return CURLM_OK;
}

CURLMcode Curl_multi_ev_assess_conn(struct Curl_multi *multi, struct Curl_easy *data,
                                    struct connectdata *conn)
{
    (void)multi, (void)data, (void)conn;
    return CURLM_OK;
}

void Curl_multi_ev_expire_xfers(struct Curl_multi *multi, curl_socket_t s,
                                const struct curltime *nowp, bool *run_cpool)
{
    (void)multi, (void)s, (void)nowp;
    *run_cpool = TRUE;
}

void Curl_multi_ev_socket_done(struct Curl_multi *multi, struct Curl_easy *data, curl_socket_t s)
{
    (void)multi, (void)data, (void)s;
}

void Curl_multi_ev_xfer_done(struct Curl_multi *multi, struct Curl_easy *data)
{
    (void)multi, (void)data;
}

void Curl_multi_ev_conn_done(struct Curl_multi *multi, struct Curl_easy *data,
                             struct connectdata *conn)
{
    (void)multi, (void)data, (void)conn;
}

/* strerror.c: system errors as text, for failf(). */
const char *Curl_strerror(int err, char *buf, size_t buflen)
{
    (void)err;
    if (buflen > 0)
        buf[0] = '\0';
    return buf;
}

/* Of http.c, hostip.c, vtls.c and the C library: redirects (noted, not followed), CURLOPT_RESOLVE,
 * CURLOPT_PINNEDPUBLICKEY, CURLOPT_READDATA. */
CURLcode trim_http_follow(struct Curl_easy *data, const char *newurl, followtype type)
{
    (void)data, (void)newurl;
    return type == FOLLOW_FAKE ? CURLE_OK : CURLE_TOO_MANY_REDIRECTS;
}

CURLcode Curl_loadhostpairs(struct Curl_easy *data)
{
    (void)data;
    return CURLE_OK;
}

CURLcode Curl_pin_peer_pubkey(struct Curl_easy *data, const char *pinnedpubkey,
                              const unsigned char *pubkey, size_t pubkeylen)
{
    (void)data, (void)pinnedpubkey, (void)pubkey, (void)pubkeylen;
    return CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

size_t trim_fread(void *out, size_t size, size_t count, FILE *file)
{
    (void)out, (void)size, (void)count, (void)file;
    return 0;
}

/* vtls/cipher_suite.c: the names of cipher suites. */
uint16_t Curl_cipher_suite_walk_str(const char **str, const char **end)
{
    *end = *str + strlen(*str);
    return 0;
}

int Curl_cipher_suite_get_str(uint16_t id, char *buf, size_t buf_size, bool prefer_rfc)
{
    (void)id, (void)prefer_rfc;
    if (buf_size > 0)
        buf[0] = '\0';
    return -1;
}

/* vtls/x509asn1.c: certificates as text. */
CURLcode Curl_extract_certinfo(struct Curl_easy *data, int certnum, const char *beg,
                               const char *end)
{
    (void)data, (void)certnum, (void)beg, (void)end;
    return CURLE_NOT_BUILT_IN;
}

/* vtls/vtls_scache.c: the cache of TLS sessions. A process sends one event, or has a connection to
 * keep. */
CURLcode Curl_ssl_scache_create(size_t max_peers, size_t max_sessions_per_peer,
                                struct Curl_ssl_scache **pscache)
{
    (void)max_peers, (void)max_sessions_per_peer;
    *pscache = NULL;
    return CURLE_OK;
}

void Curl_ssl_scache_destroy(struct Curl_ssl_scache *scache)
{
    (void)scache;
}

CURLcode Curl_ssl_peer_key_make(struct Curl_cfilter *cf, const struct ssl_peer *peer,
                                const char *tls_id, char **ppeer_key)
{
    (void)cf, (void)peer, (void)tls_id;
    *ppeer_key = NULL;
    return CURLE_OK;
}

CURLcode Curl_ssl_session_create(void *sdata, size_t sdata_len, int ietf_tls_id, const char *alpn,
                                 curl_off_t valid_until, size_t earlydata_max,
                                 struct Curl_ssl_session **psession)
{
    (void)sdata_len, (void)ietf_tls_id, (void)alpn, (void)valid_until, (void)earlydata_max;
    free(sdata);
    *psession = NULL;
    return CURLE_NOT_BUILT_IN;
}

CURLcode Curl_ssl_scache_put(struct Curl_cfilter *cf, struct Curl_easy *data,
                             const char *ssl_peer_key, struct Curl_ssl_session *s)
{
    (void)cf, (void)data, (void)ssl_peer_key, (void)s;
    return CURLE_NOT_BUILT_IN;
}

CURLcode Curl_ssl_scache_take(struct Curl_cfilter *cf, struct Curl_easy *data,
                              const char *ssl_peer_key, struct Curl_ssl_session **ps)
{
    (void)cf, (void)data, (void)ssl_peer_key;
    *ps = NULL;
    return CURLE_OK;
}

void Curl_ssl_scache_return(struct Curl_cfilter *cf, struct Curl_easy *data,
                            const char *ssl_peer_key, struct Curl_ssl_session *s)
{
    (void)cf, (void)data, (void)ssl_peer_key, (void)s;
}

/* What vtls/mbedtls.c asks of mbedTLS for these; the names are from trim/curl.h. */
int mbedtls_pk_parse_key(mbedtls_pk_context *ctx, const unsigned char *key, size_t keylen,
                         const unsigned char *pwd, size_t pwdlen,
                         int (*f_rng)(void *, unsigned char *, size_t), void *p_rng)
{
    (void)ctx, (void)key, (void)keylen, (void)pwd, (void)pwdlen, (void)f_rng, (void)p_rng;
    return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
}

int mbedtls_pk_write_pubkey_der(const mbedtls_pk_context *ctx, unsigned char *buf, size_t size)
{
    (void)ctx, (void)buf, (void)size;
    return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
}

int mbedtls_ssl_conf_own_cert(mbedtls_ssl_config *conf, mbedtls_x509_crt *own_cert,
                              mbedtls_pk_context *pk_key)
{
    (void)conf, (void)own_cert, (void)pk_key;
    return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

const char *mbedtls_ssl_get_ciphersuite_name(const int ciphersuite_id)
{
    (void)ciphersuite_id;
    return "";
}

int mbedtls_ssl_get_session(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session)
{
    (void)ssl, (void)session;
    return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

int mbedtls_ssl_session_load(mbedtls_ssl_session *session, const unsigned char *buf, size_t len)
{
    (void)session, (void)buf, (void)len;
    return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

int mbedtls_ssl_session_save(const mbedtls_ssl_session *session, unsigned char *buf, size_t buf_len,
                             size_t *olen)
{
    (void)session, (void)buf, (void)buf_len;
    *olen = 0;
    return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

int mbedtls_ssl_set_session(mbedtls_ssl_context *ssl, const mbedtls_ssl_session *session)
{
    (void)ssl, (void)session;
    return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

int mbedtls_x509_crt_parse(mbedtls_x509_crt *chain, const unsigned char *buf, size_t buflen)
{
    (void)chain, (void)buf, (void)buflen;
    return MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE;
}

int trim_random(void *context, unsigned char *out, size_t len)
{
    size_t got;

    (void)context;
    return mbedtls_psa_external_get_random(NULL, out, len, &got) == PSA_SUCCESS && got == len
               ? 0
               : MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
}

/* mprintf.c asks libc for floating-point numbers: none are printed. */
int snprintf(char *buf, size_t size, const char *format, ...)
{
    (void)format;
    if (size > 0)
        buf[0] = '\0';
    return 0;
}

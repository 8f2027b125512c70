/* What trim/mbedtls.h puts in the place of the functions that take a private key: each refuses. */
#include "trim/mbedtls.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>

int mbedtls_ecdsa_write_signature(mbedtls_ecdsa_context *ctx, mbedtls_md_type_t md_alg,
                                  const unsigned char *hash, size_t hlen, unsigned char *sig,
                                  size_t sig_size, size_t *slen,
                                  int (*f_rng)(void *, unsigned char *, size_t), void *p_rng)
{
    (void)ctx, (void)md_alg, (void)hash, (void)hlen, (void)sig, (void)sig_size, (void)slen,
        (void)f_rng, (void)p_rng;
    return MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
}

int mbedtls_pk_sign_ext(mbedtls_pk_type_t pk_type, mbedtls_pk_context *ctx,
                        mbedtls_md_type_t md_alg, const unsigned char *hash, size_t hash_len,
                        unsigned char *sig, size_t sig_size, size_t *sig_len,
                        int (*f_rng)(void *, unsigned char *, size_t), void *p_rng)
{
    (void)pk_type, (void)ctx, (void)md_alg, (void)hash, (void)hash_len, (void)sig, (void)sig_size,
        (void)sig_len;
    (void)f_rng, (void)p_rng;
    return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
}

int mbedtls_pk_sign_restartable(mbedtls_pk_context *ctx, mbedtls_md_type_t md_alg,
                                const unsigned char *hash, size_t hash_len, unsigned char *sig,
                                size_t sig_size, size_t *sig_len,
                                int (*f_rng)(void *, unsigned char *, size_t), void *p_rng,
                                mbedtls_pk_restart_ctx *rs_ctx)
{
    (void)ctx, (void)md_alg, (void)hash, (void)hash_len, (void)sig, (void)sig_size, (void)sig_len,
        (void)f_rng;
    (void)p_rng, (void)rs_ctx;
    return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
}

int mbedtls_rsa_check_pub_priv(const mbedtls_rsa_context *pub, const mbedtls_rsa_context *prv)
{
    (void)pub, (void)prv;
    return MBEDTLS_ERR_RSA_KEY_CHECK_FAILED;
}

int mbedtls_rsa_pkcs1_decrypt(mbedtls_rsa_context *ctx,
                              int (*f_rng)(void *, unsigned char *, size_t), void *p_rng,
                              size_t *olen, const unsigned char *input, unsigned char *output,
                              size_t output_max_len)
{
    (void)ctx, (void)f_rng, (void)p_rng, (void)olen, (void)input, (void)output,
        (void)output_max_len;
    return MBEDTLS_ERR_RSA_PRIVATE_FAILED;
}

int mbedtls_rsa_pkcs1_encrypt(mbedtls_rsa_context *ctx,
                              int (*f_rng)(void *, unsigned char *, size_t), void *p_rng,
                              size_t ilen, const unsigned char *input, unsigned char *output)
{
    (void)ctx, (void)f_rng, (void)p_rng, (void)ilen, (void)input, (void)output;
    return MBEDTLS_ERR_RSA_PUBLIC_FAILED;
}

int mbedtls_rsa_pkcs1_sign(mbedtls_rsa_context *ctx, int (*f_rng)(void *, unsigned char *, size_t),
                           void *p_rng, mbedtls_md_type_t md_alg, unsigned int hashlen,
                           const unsigned char *hash, unsigned char *sig)
{
    (void)ctx, (void)f_rng, (void)p_rng, (void)md_alg, (void)hashlen, (void)hash, (void)sig;
    return MBEDTLS_ERR_RSA_PRIVATE_FAILED;
}

/*
 * The curve P-256 by p256-m, which mbedTLS carries for small machines: small code that takes a
 * fraction of the general arithmetic's time, and the same for every secret. mbedTLS itself takes it
 * only where no other curve is wanted; trim/mbedtls.h puts these in the place of the functions that
 * meet P-256, and what is not P-256 goes on to them.
 */
#include "common.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

#include "psa_crypto_ecp.h"

#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
#include "p256-m_driver_entrypoints.c"
#include "p256-m.c"

psa_status_t trim_psa_ecp_export_public_key(const psa_key_attributes_t *attributes,
                                            const uint8_t *key, size_t key_size, uint8_t *data,
                                            size_t data_size, size_t *data_length)
{
    psa_status_t status =
        p256_transparent_export_public_key(attributes, key, key_size, data, data_size, data_length);
    if (status != PSA_ERROR_NOT_SUPPORTED)
        return status;
    return mbedtls_psa_ecp_export_public_key(attributes, key, key_size, data, data_size,
                                             data_length);
}

psa_status_t trim_psa_key_agreement_ecdh(const psa_key_attributes_t *attributes, const uint8_t *key,
                                         size_t key_size, psa_algorithm_t alg, const uint8_t *peer,
                                         size_t peer_length, uint8_t *secret, size_t secret_size,
                                         size_t *secret_length)
{
    if (psa_get_key_type(attributes) == PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1) &&
        psa_get_key_bits(attributes) == CURVE_BITS)
        return p256_transparent_key_agreement(attributes, key, key_size, alg, peer, peer_length,
                                              secret, secret_size, secret_length);
    return mbedtls_psa_key_agreement_ecdh(attributes, key, key_size, alg, peer, peer_length, secret,
                                          secret_size, secret_length);
}

/* One of a signature's two numbers, from DER to 32 bytes. */
static int read_number(unsigned char **at, const unsigned char *end, unsigned char out[32])
{
    mbedtls_mpi number;
    int error;

    mbedtls_mpi_init(&number);
    error = mbedtls_asn1_get_mpi(at, end, &number);
    if (error == 0)
        error = mbedtls_mpi_write_binary(&number, out, 32);
    mbedtls_mpi_free(&number);
    return error;
}

static int verify(mbedtls_ecdsa_context *ctx, const unsigned char *hash, size_t hash_len,
                  const unsigned char *sig, size_t sig_len)
{
    unsigned char *at = (unsigned char *)sig;
    const unsigned char *end = sig + sig_len;
    unsigned char raw[SIGNATURE_SIZE], key[PSA_PUBKEY_SIZE];
    size_t len;

    if (mbedtls_asn1_get_tag(&at, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) !=
            0 ||
        at + len != end || read_number(&at, end, raw) != 0 || read_number(&at, end, raw + 32) != 0)
        return MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    if (at != end)
        return MBEDTLS_ERR_ECP_SIG_LEN_MISMATCH;
    if (mbedtls_ecp_point_write_binary(&ctx->grp, &ctx->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, key,
                                       sizeof key) != 0 ||
        p256_verify_hash_with_public_key(key, len, hash, hash_len, raw, sizeof raw) != PSA_SUCCESS)
        return MBEDTLS_ERR_ECP_VERIFY_FAILED;
    return 0;
}

int trim_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash,
                              size_t hash_len, const unsigned char *sig, size_t sig_len)
{
    if (ctx->grp.id == MBEDTLS_ECP_DP_SECP256R1)
        return verify(ctx, hash, hash_len, sig, sig_len);
    return mbedtls_ecdsa_read_signature(ctx, hash, hash_len, sig, sig_len);
}

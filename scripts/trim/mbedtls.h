/*
 * Read before the source files of mbedTLS that call these (named in scripts/build-dep): everything
 * that takes a private key of a certificate. There is none in a client that shows no certificate of
 * its own; the refusals in mbedtls.c stand in, and the private half of RSA and ECDSA is left out.
 */
#ifndef TRIM_MBEDTLS_H
#define TRIM_MBEDTLS_H

#define mbedtls_ecdsa_write_signature trim_ecdsa_write_signature
#define mbedtls_pk_sign_ext           trim_pk_sign_ext
#define mbedtls_pk_sign_restartable   trim_pk_sign_restartable
#define mbedtls_rsa_check_pub_priv    trim_rsa_check_pub_priv
#define mbedtls_rsa_pkcs1_decrypt     trim_rsa_pkcs1_decrypt
#define mbedtls_rsa_pkcs1_encrypt     trim_rsa_pkcs1_encrypt
#define mbedtls_rsa_pkcs1_sign        trim_rsa_pkcs1_sign

/* Those that mbedtls_p256.c stands in for. */
#define mbedtls_ecdsa_read_signature      trim_ecdsa_read_signature
#define mbedtls_psa_ecp_export_public_key trim_psa_ecp_export_public_key
#define mbedtls_psa_key_agreement_ecdh    trim_psa_key_agreement_ecdh

#endif

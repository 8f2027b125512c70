/* The P-256 that TLS uses (scripts/trim/mbedtls_p256.c) against mbedTLS's general arithmetic, which
 * it stands in for: the multiplication by itself, keys, shared secrets and signatures. */
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <psa/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- m256_mul() ---- */

/* As p256-m has them around m256_mul(). */
typedef struct {
    uint32_t m[8];
    uint32_t ni; /* -1 / m mod 2^32 */
} m256_mod;

static uint32_t u256_sub(uint32_t z[8], const uint32_t x[8], const uint32_t y[8])
{
    uint64_t borrow = 0;

    for (int i = 0; i < 8; i++) {
        uint64_t difference = (uint64_t)x[i] - y[i] - borrow;
        z[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
    return (uint32_t)borrow;
}

static void u256_cmov(uint32_t z[8], const uint32_t x[8], uint32_t c)
{
    for (int i = 0; c != 0 && i < 8; i++)
        z[i] = x[i];
}

#include "trim/mbedtls_m256_mul.c"

static const m256_mod moduli[] = {
    {{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0xFFFFFFFF}, 1},
    {{0xFC632551, 0xF3B9CAC2, 0xA7179E84, 0xBCE6FAAD, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0xFFFFFFFF},
     0xee00bc4f},
};

static void to_mpi(mbedtls_mpi *out, const uint32_t words[8])
{
    assert_int_equal(mbedtls_mpi_read_binary_le(out, (const unsigned char *)words, 32), 0);
}

/* z * 2^256 = x * y mod m, and z < m. */
static void check_product(const uint32_t x[8], const uint32_t y[8], const m256_mod *mod)
{
    mbedtls_mpi a, b, m, z;
    uint32_t out[8], in_place[8];

    m256_mul(out, x, y, mod);
    memcpy(in_place, x, sizeof in_place);
    m256_mul(in_place, in_place, y, mod);
    assert_memory_equal(out, in_place, sizeof out);

    mbedtls_mpi_init(&a), mbedtls_mpi_init(&b), mbedtls_mpi_init(&m), mbedtls_mpi_init(&z);
    to_mpi(&a, x), to_mpi(&b, y), to_mpi(&m, mod->m), to_mpi(&z, out);
    assert_true(mbedtls_mpi_cmp_mpi(&z, &m) < 0);
    assert_int_equal(mbedtls_mpi_mul_mpi(&a, &a, &b), 0);
    assert_int_equal(mbedtls_mpi_shift_l(&z, 256), 0);
    assert_int_equal(mbedtls_mpi_sub_mpi(&z, &z, &a), 0);
    assert_int_equal(mbedtls_mpi_mod_mpi(&z, &z, &m), 0);
    assert_int_equal(mbedtls_mpi_cmp_int(&z, 0), 0);
    mbedtls_mpi_free(&a), mbedtls_mpi_free(&b), mbedtls_mpi_free(&m), mbedtls_mpi_free(&z);
}

/* The n-th number below m of those where carries run far: words all ones or all noughts, the
 * modulus's own, its neighbours. */
static void edge(uint32_t out[8], unsigned n, const m256_mod *mod)
{
    uint32_t spare[8];

    for (unsigned i = 0; i < 8; i++)
        out[i] = (n >> i & 1) != 0 ? 0xFFFFFFFF : n >= 256 ? mod->m[i] : 0;
    if (u256_sub(spare, out, mod->m) == 0)
        u256_sub(out, mod->m, (const uint32_t[8]){n % 7 + 1});
}

static void products_of_edges(void **state)
{
    uint32_t x[8], y[8];

    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        for (unsigned i = 0; i < 512; i++) {
            for (unsigned k = i % 13; k < 512; k += 13) {
                edge(x, i, &moduli[which]);
                edge(y, k, &moduli[which]);
                check_product(x, y, &moduli[which]);
            }
        }
    }
}

/* ---- the curve ---- */

int p256_public_from_private(uint8_t public_key[64], const uint8_t private_key[32]);
int p256_ecdh_shared_secret(uint8_t secret[32], const uint8_t private_key[32],
                            const uint8_t peer[64]);
int trim_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash,
                              size_t hash_len, const unsigned char *sig, size_t sig_len);

/* Repeatable: a failure shows again. */
static int noise(void *context, unsigned char *out, size_t len)
{
    (void)context;
    while (len-- > 0)
        *out++ = (unsigned char)(rand() >> 7);
    return 0;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *out, size_t len, size_t *out_len)
{
    *out_len = len;
    return noise(context, out, len);
}

struct pair {
    mbedtls_ecp_group group;
    mbedtls_mpi d;
    mbedtls_ecp_point q;
    uint8_t private_key[32], public_key[65];
};

static void make_pair(struct pair *pair, int small)
{
    size_t len;

    mbedtls_ecp_group_init(&pair->group), mbedtls_mpi_init(&pair->d);
    mbedtls_ecp_point_init(&pair->q);
    assert_int_equal(mbedtls_ecp_group_load(&pair->group, MBEDTLS_ECP_DP_SECP256R1), 0);
    if (small > 0) /* 1, 2, 3, ... */
        assert_int_equal(mbedtls_mpi_lset(&pair->d, small), 0);
    else if (small < 0) /* ..., n - 2, n - 1 */
        assert_int_equal(mbedtls_mpi_sub_int(&pair->d, &pair->group.N, -small), 0);
    else
        assert_int_equal(mbedtls_ecp_gen_privkey(&pair->group, &pair->d, noise, NULL), 0);
    assert_int_equal(mbedtls_ecp_mul(&pair->group, &pair->q, &pair->d, &pair->group.G, noise, NULL),
                     0);
    assert_int_equal(mbedtls_mpi_write_binary(&pair->d, pair->private_key, 32), 0);
    assert_int_equal(mbedtls_ecp_point_write_binary(&pair->group, &pair->q,
                                                    MBEDTLS_ECP_PF_UNCOMPRESSED, &len,
                                                    pair->public_key, sizeof pair->public_key),
                     0);
}

static void free_pair(struct pair *pair)
{
    mbedtls_ecp_group_free(&pair->group), mbedtls_mpi_free(&pair->d);
    mbedtls_ecp_point_free(&pair->q);
}

static void keys_and_secrets(void **state)
{
    (void)state;
    for (int i = -6; i < 60; i++) {
        struct pair pair, peer;
        mbedtls_ecp_point shared;
        uint8_t ours[64], expected[65];
        size_t len;

        make_pair(&pair, i < 7 ? i : 0);
        make_pair(&peer, 0);
        assert_int_equal(p256_public_from_private(ours, pair.private_key), 0);
        assert_memory_equal(ours, pair.public_key + 1, 64);

        mbedtls_ecp_point_init(&shared);
        assert_int_equal(mbedtls_ecp_mul(&pair.group, &shared, &pair.d, &peer.q, noise, NULL), 0);
        assert_int_equal(mbedtls_ecp_point_write_binary(&pair.group, &shared,
                                                        MBEDTLS_ECP_PF_UNCOMPRESSED, &len, expected,
                                                        sizeof expected),
                         0);
        assert_int_equal(p256_ecdh_shared_secret(ours, pair.private_key, peer.public_key + 1), 0);
        assert_memory_equal(ours, expected + 1, 32);

        peer.public_key[40] ^= 1; /* no longer on the curve */
        assert_int_not_equal(p256_ecdh_shared_secret(ours, pair.private_key, peer.public_key + 1),
                             0);
        mbedtls_ecp_point_free(&shared);
        free_pair(&pair), free_pair(&peer);
    }
}

/* ---- signatures, as they come in a certificate ---- */

/* A key on that curve, and its signature of a hash. */
static size_t sign(mbedtls_ecdsa_context *key, mbedtls_ecp_group_id curve, uint8_t *hash,
                   size_t hash_len, uint8_t *sig, size_t sig_size)
{
    size_t len;

    mbedtls_ecdsa_init(key);
    noise(NULL, hash, hash_len);
    assert_int_equal(mbedtls_ecdsa_genkey(key, curve, noise, NULL), 0);
    assert_int_equal(mbedtls_ecdsa_write_signature(key, MBEDTLS_MD_SHA256, hash, hash_len, sig,
                                                   sig_size, &len, noise, NULL),
                     0);
    return len;
}

static void signatures(void **state)
{
    static const size_t hash_lens[] = {32, 48, 64};

    (void)state;
    for (unsigned i = 0; i < 24; i++) {
        const mbedtls_ecp_group_id curve =
            i % 4 == 3 ? MBEDTLS_ECP_DP_SECP384R1 : MBEDTLS_ECP_DP_SECP256R1;
        uint8_t hash[64], sig[MBEDTLS_ECDSA_MAX_LEN + 1] = {0};
        const size_t hash_len = hash_lens[i % 3];
        mbedtls_ecdsa_context key;
        size_t len = sign(&key, curve, hash, hash_len, sig, sizeof sig);

        assert_int_equal(trim_ecdsa_read_signature(&key, hash, hash_len, sig, len), 0);
        assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, hash_len, sig, len - 1), 0);
        assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, hash_len, sig, len + 1), 0);
        hash[i] ^= 0x10;
        assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, hash_len, sig, len), 0);
        hash[i] ^= 0x10;
        /* Every byte of it counts, and what is left is no other valid way to write it. */
        for (size_t k = 0; k < len; k++) {
            sig[k] ^= (uint8_t)(1 << i % 8);
            assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, hash_len, sig, len), 0);
            sig[k] ^= (uint8_t)(1 << i % 8);
        }
        mbedtls_ecdsa_free(&key);
    }
}

/* r and s from 1 to n - 1: anything else is refused before it is looked at. */
static void signatures_out_of_range(void **state)
{
    static const uint8_t zero_r[] = {0x30, 6, 2, 1, 0, 2, 1, 1},
                         zero_s[] = {0x30, 6, 2, 1, 1, 2, 1, 0};
    static const uint8_t nothing[] = {0x30, 0}, one_number[] = {0x30, 3, 2, 1, 1};
    uint8_t hash[32], sig[MBEDTLS_ECDSA_MAX_LEN], huge[80] = {0x30, 38, 2, 33, 0};
    mbedtls_ecdsa_context key;

    (void)state;
    sign(&key, MBEDTLS_ECP_DP_SECP256R1, hash, sizeof hash, sig, sizeof sig);
    assert_int_equal(mbedtls_mpi_write_binary(&key.MBEDTLS_PRIVATE(grp).N, huge + 5, 32), 0);
    memcpy(huge + 37, (const uint8_t[]){2, 1, 1}, 3); /* r = n, s = 1 */
    assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, sizeof hash, huge, 40), 0);
    assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, sizeof hash, zero_r, sizeof zero_r),
                         0);
    assert_int_not_equal(trim_ecdsa_read_signature(&key, hash, sizeof hash, zero_s, sizeof zero_s),
                         0);
    assert_int_not_equal(
        trim_ecdsa_read_signature(&key, hash, sizeof hash, nothing, sizeof nothing), 0);
    assert_int_not_equal(
        trim_ecdsa_read_signature(&key, hash, sizeof hash, one_number, sizeof one_number), 0);
    mbedtls_ecdsa_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_edges),
        cmocka_unit_test(keys_and_secrets),
        cmocka_unit_test(signatures),
        cmocka_unit_test(signatures_out_of_range),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

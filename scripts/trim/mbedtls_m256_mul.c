/*
 * In the place of p256-m's m256_mul() on little-endian machines with a 128-bit product: the same
 * Montgomery multiplication in words of 64 bits instead of 32, a quarter of the products. Like the
 * original it takes the same time whatever the numbers are: no branch and no address depends on
 * them.
 */

/* x * y + add + *carry: returns the low word, and leaves the high one in *carry. */
static inline __attribute__((always_inline)) uint64_t u64_muladd(uint64_t x, uint64_t y,
                                                                 uint64_t add, uint64_t *carry)
{
    unsigned __int128 product = (unsigned __int128)x * y;
    uint64_t low = (uint64_t)product, high = (uint64_t)(product >> 64);

    low += add;
    high += low < add;
    low += *carry;
    high += low < *carry;
    *carry = high;
    return low;
}

/*
 * in: x, y in [0, m)
 * out: z = x * y / 2^256 mod m, in [0, m); z may overlap with x or y
 */
static void m256_mul(uint32_t z[8], const uint32_t x[8], const uint32_t y[8], const m256_mod *mod)
{
    uint64_t a[4], b[4], m[4], sum[5] = {0}; /* sum < 2 m after each round */
    uint64_t inverse;                        /* -1 / m mod 2^64, by Newton's step from 2^32 */
    uint32_t low[8];
    uint32_t below;

    memcpy(a, x, sizeof a); /* the machine is little-endian, as the words are */
    memcpy(b, y, sizeof b);
    memcpy(m, mod->m, sizeof m);
    inverse = mod->ni * (2 + m[0] * mod->ni);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t factor, carry = 0, top;

        /* sum += a[i] * b */
        sum[0] = u64_muladd(a[i], b[0], sum[0], &carry);
        sum[1] = u64_muladd(a[i], b[1], sum[1], &carry);
        sum[2] = u64_muladd(a[i], b[2], sum[2], &carry);
        sum[3] = u64_muladd(a[i], b[3], sum[3], &carry);
        sum[4] += carry;
        top = sum[4] < carry;
        /* sum = (sum + factor * m) / 2^64: factor is what makes that a whole number. */
        factor = sum[0] * inverse;
        carry = 0;
        (void)u64_muladd(factor, m[0], sum[0], &carry);
        sum[0] = u64_muladd(factor, m[1], sum[1], &carry);
        sum[1] = u64_muladd(factor, m[2], sum[2], &carry);
        sum[2] = u64_muladd(factor, m[3], sum[3], &carry);
        sum[3] = sum[4] + carry;
        sum[4] = top + (sum[3] < carry);
    }
    memcpy(low, sum, sizeof low);
    below = u256_sub(z, low, mod->m);
    u256_cmov(z, low, below & (1 - (uint32_t)sum[4]));
}

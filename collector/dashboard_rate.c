#include "dashboard_rate.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define JUMP_LEAST 0.03
#define SIGMAS     3.0

static double share(const struct stats_sums *sums)
{
    return (double)sums->failures / (double)rate_outcomes(sums);
}

bool rate_jumped(const struct stats_sums *now, const struct stats_sums *before)
{
    double n = (double)rate_outcomes(now), m = (double)rate_outcomes(before);

    if (n < RATE_OUTCOMES_MIN || m < RATE_OUTCOMES_MIN)
        return false;
    double jump = share(now) - share(before);
    double pooled = (double)(now->failures + before->failures) / (n + m);
    double variance = pooled * (1 - pooled) * (1 / n + 1 / m);
    /* jump > SIGMAS * sqrt(variance), without the root */
    return jump >= JUMP_LEAST && jump * jump > SIGMAS * SIGMAS * variance;
}

int rate_heat(const struct stats_sums *sums)
{
    static const double steps[] = {0.01, 0.03, 0.06, 0.12, 0.25};
    int heat = 0;

    while (heat < 5 && rate_outcomes(sums) > 0 && share(sums) >= steps[heat])
        heat++;
    return heat;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* The weight of what follows an equal beginning: a pre-release, the end, anything more. */
static int tail_weight(char c)
{
    return c == '-' ? 0 : c == '\0' ? 1 : 2;
}

int rate_compare_releases(const char *a, const char *b)
{
    while (*a && *b) {
        size_t n = digits(a), m = digits(b);
        if (n > 0 && m > 0) {
            for (; n > 1 && *a == '0'; n--)
                a++;
            for (; m > 1 && *b == '0'; m--)
                b++;
            int order = n != m ? (n < m ? -1 : 1) : strncmp(a, b, n);
            if (order != 0)
                return order;
            a += n;
            b += m;
        } else if (*a == *b) {
            a++;
            b++;
        } else {
            break;
        }
    }
    if (tail_weight(*a) != tail_weight(*b))
        return tail_weight(*a) - tail_weight(*b);
    return (unsigned char)*a - (unsigned char)*b;
}

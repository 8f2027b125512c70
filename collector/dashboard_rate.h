/* Judgement of failure rates, and the order of releases. Pure. */
#ifndef FOOTFALL_DASHBOARD_RATE_H
#define FOOTFALL_DASHBOARD_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "stats.h"

#define RATE_OUTCOMES_MIN 20 /* fewer known outcomes say nothing about a rate */

/* The installs whose outcome is known. */
static inline uint64_t rate_outcomes(const struct stats_sums *sums)
{
    return sums->completes + sums->failures;
}

/* True when the failure rate has jumped against what went before: at least three points up, and by
 * more than chance explains (a one-sided test of two proportions at three sigma). */
bool rate_jumped(const struct stats_sums *now, const struct stats_sums *before);

/* 0 to 5: how dark a cell of the heat table is. */
int rate_heat(const struct stats_sums *sums);

/* Below, equal or above 0, as release a is older than, the same as or newer than b: numbers count
 * as numbers, and 1.0-rc.1 comes before 1.0. */
int rate_compare_releases(const char *a, const char *b);

#endif

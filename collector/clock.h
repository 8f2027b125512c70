/* The two clocks: what day it is, and how long something takes. */
#ifndef FOOTFALL_CLOCK_H
#define FOOTFALL_CLOCK_H

#include <stdint.h>

#define CLOCK_DAY 86400 /* seconds */

/* Unix seconds. Steps back of less than a quarter of an hour (NTP) are not shown: the clock stands
 * still until it has caught up. */
int64_t clock_wall(void);

/* Microseconds since some moment; never goes back. */
int64_t clock_steady_us(void);

#endif

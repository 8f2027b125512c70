/* The parameters of /v1/stats and of the dashboard. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "stats.h"

#define DAYS_DEFAULT 30
#define DAYS_MAX     3660

/* Howard Hinnant's days_from_civil: proleptic Gregorian, day 0 is 1970-01-01. */
static int32_t day_of(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400, of_era = y - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

    return era * 146097 + days - 719468;
}

void stats_day_text(int32_t day, char text[11])
{
    int z = day + 719468, era = z / 146097, of_era = z - era * 146097;
    int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int m = (5 * of_year + 2) / 153, month = m + (m < 10 ? 3 : -9);
    unsigned year = (unsigned)(year_of_era + era * 400 + (month <= 2 ? 1 : 0));

    snprintf(text, 11, "%04u-%02u-%02u", year % 10000, (unsigned)month % 100,
             (unsigned)(of_year - (153 * m + 2) / 5 + 1) % 100);
}

void stats_hour_text(int64_t when, char text[21])
{
    stats_day_text((int32_t)(when / CLOCK_DAY), text);
    snprintf(text + 10, 11, "T%02u:00:00Z", (unsigned)(when % CLOCK_DAY / 3600) % 24);
}

static bool read_number(const char *text, size_t len, int *number)
{
    *number = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

static bool read_day(const char *text, int32_t *day)
{
    int year, month, of_month;
    char again[11];

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !read_number(text, 4, &year) ||
        !read_number(text + 5, 2, &month) || !read_number(text + 8, 2, &of_month) || year < 1970 ||
        month < 1 || month > 12)
        return false;
    *day = day_of(year, month, of_month);
    stats_day_text(*day, again);
    return strcmp(again, text) == 0; /* there is no 31st of June */
}

static bool read_word(const char *text, char out[EVENT_VALUE_MAX + 1])
{
    size_t len = strlen(text);

    if (len == 0)
        return true;
    if (!event_value_ok(EVENT_RELEASE, text, len))
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static const char *read_range(struct stats_query *query, int64_t now,
                              const char *(*get)(void *context, const char *name), void *context)
{
    const char *from = get(context, "from"), *to = get(context, "to"), *days = get(context, "days");
    int32_t today = (int32_t)(now / CLOCK_DAY);
    int number = DAYS_DEFAULT;

    query->last_day = today;
    if (days != NULL && *days != '\0' &&
        (strlen(days) > 4 || !read_number(days, strlen(days), &number) || number < 1 ||
         number > DAYS_MAX))
        return "days";
    if (to != NULL && *to != '\0' && !read_day(to, &query->last_day))
        return "to";
    query->first_day = query->last_day - number + 1;
    if (from != NULL && *from != '\0' && !read_day(from, &query->first_day))
        return "from";
    if (query->first_day > query->last_day || query->last_day - query->first_day >= DAYS_MAX)
        return "from";
    return NULL;
}

/* The filters first, in the order of a query's words. */
const char *const stats_parameters[] = {"app",  "release", "platform", "method",
                                        "from", "to",      "days",     NULL};

const char *stats_query_read(struct stats_query *query, int64_t now,
                             const char *(*get)(void *context, const char *name), void *context)
{
    const char *const *name = stats_parameters;
    char *word[] = {query->app, query->release, query->platform, query->method};

    memset(query, 0, sizeof *query);
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++) {
        const char *value = get(context, name[i]);
        if (value != NULL && !read_word(value, word[i]))
            return name[i];
    }
    return read_range(query, now, get, context);
}

/* How releases take over from each other. */
#include <string.h>

#include "dashboard_rate.h"
#include "dashboard_view.h"

#define LISTED_MAX  12
#define RECENT_DAYS 7

struct adoption {
    const struct stats *stats;
    const struct stats_row *release[LISTED_MAX]; /* the newest first */
    size_t releases;
    uint64_t total, recent_total;
    int32_t recent_from;
};

static void find_releases(struct adoption *adoption, size_t most)
{
    const struct stats_table *table = &adoption->stats->table[STATS_RELEASES];

    for (size_t i = 0; i < table->count && adoption->releases < most; i++) {
        const struct stats_row *row = &table->rows[i];
        if (strcmp(row->key, "other") == 0)
            continue;
        size_t at = adoption->releases++;
        for (; at > 0 && rate_compare_releases(adoption->release[at - 1]->key, row->key) < 0; at--)
            adoption->release[at] = adoption->release[at - 1];
        adoption->release[at] = row;
    }
}

/* The release's completed installs of the last days, and the day of its first one (0 = none). */
static uint64_t recent_installs(const struct adoption *adoption, const char *release,
                                int32_t *first)
{
    const struct stats_table *table = &adoption->stats->table[STATS_RELEASE_DAYS];
    uint64_t recent = 0;

    *first = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct stats_row *row = &table->rows[i];
        if (row->sums.completes == 0 || (release && strcmp(row->key, release) != 0))
            continue;
        if (*first == 0 && row->day != STATS_OTHER_DAY)
            *first = row->day;
        if (row->day >= adoption->recent_from)
            recent += row->sums.completes;
    }
    return recent;
}

static void write_row(struct dashboard_text *text, const struct adoption *adoption, size_t at)
{
    const struct stats_row *row = adoption->release[at];
    int32_t first;
    uint64_t recent = recent_installs(adoption, row->key, &first);
    char day[11] = "–";

    if (first == adoption->stats->query.first_day)
        memcpy(day, "before", sizeof "before");
    else if (first != 0)
        stats_day_text(first, day);
    dashboard_put(text, "<tr><th scope=\"row\">");
    dashboard_escape(text, row->key);
    dashboard_put(text, "</th><td>");
    dashboard_put(text, day);
    dashboard_put(text, "</td><td class=\"n\">");
    dashboard_number(text, row->sums.completes);
    dashboard_put(text, "</td><td class=\"n\">");
    dashboard_share(text, row->sums.completes, adoption->total);
    dashboard_put(text, "</td><td class=\"n\">");
    dashboard_share(text, recent, adoption->recent_total);
    dashboard_put(text, "</td><td class=\"wide\">");
    dashboard_write_bar(text, "c-complete", recent, adoption->recent_total);
    dashboard_put(text, "</td></tr>\n");
}

/* The chart's bands: the releases with most installs, the newest at the bottom, then the rest. */
static void write_legend(struct dashboard_text *text, const struct stats *stats)
{
    struct adoption bands = {.stats = stats};
    char class[] = "c-s1";

    find_releases(&bands, DASHBOARD_BANDS);
    dashboard_put(text, "<ul class=\"legend\" id=\"adoption-legend\">");
    for (size_t i = 0; i < bands.releases; i++) {
        class[3] = (char)('1' + i);
        dashboard_put(text, "<li data-release=\"");
        dashboard_escape(text, bands.release[i]->key);
        dashboard_put(text, "\">");
        dashboard_write_swatch(text, class);
        dashboard_escape(text, bands.release[i]->key);
        dashboard_put(text, "</li>");
    }
    dashboard_put(text, "<li data-release=\"\">");
    dashboard_write_swatch(text, "c-s6");
    dashboard_put(text, "Other</li></ul>\n");
}

void dashboard_write_adoption(struct dashboard_text *text, const struct dashboard_view *view)
{
    struct adoption adoption = {.stats = view->stats,
                                .total = view->stats->totals.completes,
                                .recent_from = view->stats->query.last_day - RECENT_DAYS + 1};
    int32_t first;

    find_releases(&adoption, LISTED_MAX);
    if (adoption.releases == 0)
        return;
    adoption.recent_total = recent_installs(&adoption, NULL, &first);
    dashboard_put(
        text,
        "<section aria-labelledby=\"adoption\">\n<h2 id=\"adoption\">Adoption of releases</h2>\n"
        "<p class=\"lead\">Each release's share of the completed installs of a day.</p>\n");
    write_legend(text, view->stats);
    dashboard_put(
        text,
        "<div class=\"chart\" id=\"adoption-chart\" role=\"img\" aria-label=\"Share of each release "
        "by day; the table below has the numbers\" hidden></div>\n"
        "<details data-chart open><summary>Release by release</summary><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Release by release\">"
        "<table class=\"bars\"><thead><tr><th scope=\"col\">Release</th>"
        "<th scope=\"col\">First in range</th><th scope=\"col\" class=\"n\">Completed</th>"
        "<th scope=\"col\" class=\"n\">Share</th><th scope=\"col\" class=\"n\">Share, last 7 "
        "days</th><td class=\"wide\"></td></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < adoption.releases; i++)
        write_row(text, &adoption, i);
    dashboard_put(text, "</tbody></table></div></details>\n</section>\n");
}

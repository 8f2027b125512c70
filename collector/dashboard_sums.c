/* The parts of the page that are sums: the headline figures, days, funnel, platforms and methods.
 */
#include <inttypes.h>
#include <string.h>

#include "dashboard_rate.h"
#include "dashboard_view.h"

void dashboard_write_bar(struct dashboard_text *text, const char *class, uint64_t part,
                         uint64_t whole)
{
    uint64_t width = whole ? part * 1000 / whole : 0;

    if (part > 0 && width < 4)
        width = 4;
    dashboard_putf(text,
                   "<svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                   "<rect class=\"c-track\" width=\"1000\" height=\"10\"/>"
                   "<rect class=\"%s\" width=\"%" PRIu64 "\" height=\"10\"/></svg>",
                   class, width);
}

void dashboard_write_swatch(struct dashboard_text *text, const char *class)
{
    dashboard_putf(text,
                   "<svg width=\"10\" height=\"10\" aria-hidden=\"true\">"
                   "<rect class=\"%s\" width=\"10\" height=\"10\" rx=\"2\"/></svg>",
                   class);
}

static void write_figure(struct dashboard_text *text, const char *name, uint64_t number)
{
    dashboard_putf(text, "<div><dt>%s</dt><dd>", name);
    dashboard_number(text, number);
    dashboard_put(text, "</dd><dd class=\"note\">");
}

/* Different ids a day on average, over the days for which they are known. */
static bool daily_ids(const struct stats_table *days, uint64_t *average, bool *exact)
{
    uint64_t sum = 0, count = 0;

    *exact = true;
    for (size_t i = 0; i < days->count; i++) {
        if (!days->rows[i].has_distinct)
            continue;
        sum += days->rows[i].distinct;
        *exact = *exact && days->rows[i].distinct_exact;
        count++;
    }
    *average = count ? (sum + count / 2) / count : 0;
    return count > 0;
}

void dashboard_write_figures(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct stats_sums *sums = &view->stats->totals;
    const struct stats_query *query = &view->stats->query;
    uint64_t days = (uint64_t)((int64_t)query->last_day - query->first_day + 1), ids;
    bool exact;

    dashboard_put(text, "<dl class=\"figures\">\n");
    write_figure(text, "Completed", sums->completes);
    dashboard_number(text, (sums->completes + days / 2) / days);
    dashboard_put(text, " a day</dd></div>\n");
    write_figure(text, "Started", sums->starts);
    dashboard_share(text, sums->completes, sums->starts);
    dashboard_put(text, " completed</dd></div>\n<div><dt>Failure rate</dt><dd>");
    dashboard_share(text, sums->failures, rate_outcomes(sums));
    dashboard_put(text, "</dd><dd class=\"note\">");
    dashboard_number(text, sums->failures);
    dashboard_put(text, " failed</dd></div>\n");
    write_figure(text, "No outcome", sums->unknown);
    dashboard_share(text, sums->unknown, sums->starts);
    dashboard_put(text, " of starts</dd></div>\n");
    if (daily_ids(&view->stats->table[STATS_DAYS], &ids, &exact)) {
        write_figure(text, "Machines a day", ids);
        dashboard_put(text, exact ? "different ids" : "different ids, about");
        dashboard_put(text, "</dd></div>\n");
    }
    dashboard_put(text, "</dl>\n");
}

static void write_cells(struct dashboard_text *text, const struct stats_sums *sums)
{
    const uint64_t cells[] = {sums->starts, sums->completes, sums->failures, sums->unknown};

    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        dashboard_put(text, "<td class=\"n\">");
        dashboard_number(text, cells[i]);
        dashboard_put(text, "</td>");
    }
    dashboard_put(text, "<td class=\"n\">");
    dashboard_share(text, sums->failures, rate_outcomes(sums));
    dashboard_put(text, "</td>");
}

static const char sums_head[] =
    "<th scope=\"col\" class=\"n\">Started</th><th scope=\"col\" class=\"n\">Completed</th>"
    "<th scope=\"col\" class=\"n\">Failed</th><th scope=\"col\" class=\"n\">No outcome</th>"
    "<th scope=\"col\" class=\"n\">Failure rate</th>";

static void write_day_rows(struct dashboard_text *text, const struct stats_table *days)
{
    char day[11];

    for (size_t i = days->count; i-- > 0;) {
        const struct stats_row *row = &days->rows[i];
        if (row->day == STATS_OTHER_DAY) {
            dashboard_put(text, "<tr><th scope=\"row\">other days</th>");
        } else {
            stats_day_text(row->day, day);
            dashboard_putf(text, "<tr><th scope=\"row\">%s</th>", day);
        }
        write_cells(text, &row->sums);
        dashboard_put(text, "<td class=\"n\">");
        if (row->has_distinct)
            dashboard_number(text, row->distinct);
        else
            dashboard_put(text, "–");
        dashboard_put(text, "</td></tr>\n");
    }
}

static void write_legend_item(struct dashboard_text *text, const char *class, const char *name)
{
    dashboard_put(text, "<li>");
    dashboard_write_swatch(text, class);
    dashboard_putf(text, "%s</li>", name);
}

void dashboard_write_installs(struct dashboard_text *text, const struct dashboard_view *view)
{
    dashboard_put(
        text, "<section aria-labelledby=\"installs\">\n<h2 id=\"installs\">Installs per day</h2>\n"
              "<ul class=\"legend\">");
    write_legend_item(text, "c-complete", "Completed");
    write_legend_item(text, "c-failed", "Failed");
    write_legend_item(text, "c-unknown", "No outcome");
    dashboard_put(
        text,
        "</ul>\n<div class=\"chart\" id=\"installs-chart\" role=\"img\" aria-label=\"Installs per "
        "day by outcome; the table below has the numbers\" hidden></div>\n"
        "<details data-chart open><summary>Day by day</summary><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Day by day\"><table>\n"
        "<thead><tr><th scope=\"col\">Day</th>");
    dashboard_put(text, sums_head);
    dashboard_put(text, "<th scope=\"col\" class=\"n\">Machines</th></tr></thead>\n<tbody>\n");
    write_day_rows(text, &view->stats->table[STATS_DAYS]);
    dashboard_put(text, "</tbody></table></div></details>\n</section>\n");
}

static void write_stage(struct dashboard_text *text, const char *name, const char *class,
                        uint64_t part, uint64_t whole)
{
    dashboard_putf(text, "<div><dt>%s</dt><dd>", name);
    dashboard_number(text, part);
    dashboard_put(text, " <span class=\"soft\">");
    dashboard_share(text, part, whole);
    dashboard_put(text, "</span></dd><dd class=\"bar\">");
    dashboard_write_bar(text, class, part, whole);
    dashboard_put(text, "</dd></div>\n");
}

void dashboard_write_funnel(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct stats_sums *sums = &view->stats->totals;
    uint64_t whole = sums->completes + sums->failures + sums->unknown;

    if (whole < sums->starts)
        whole = sums->starts;
    dashboard_put(
        text, "<section aria-labelledby=\"funnel\">\n<h2 id=\"funnel\">From start to outcome</h2>\n"
              "<p class=\"lead\">No outcome: the install is still running, or its end was never "
              "heard of.</p>\n<dl class=\"funnel\">\n");
    write_stage(text, "Started", "c-start", sums->starts, whole);
    write_stage(text, "Completed", "c-complete", sums->completes, whole);
    write_stage(text, "Failed", "c-failed", sums->failures, whole);
    write_stage(text, "No outcome", "c-unknown", sums->unknown, whole);
    dashboard_put(text, "</dl>\n</section>\n");
}

static void write_kind_table(struct dashboard_text *text, const struct stats_table *table,
                             const char *id, const char *title, const char *column)
{
    uint64_t most = 1;

    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].sums.completes > most)
            most = table->rows[i].sums.completes;
    dashboard_putf(text, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id,
                   title);
    dashboard_putf(
        text, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"%s\">", id);
    dashboard_putf(text, "<table class=\"bars\"><thead><tr><th scope=\"col\">%s</th>", column);
    dashboard_put(text, "<td class=\"wide\"></td><th scope=\"col\" class=\"n\">Completed</th>"
                        "<th scope=\"col\" class=\"n\">Failure rate</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct stats_sums *sums = &table->rows[i].sums;
        dashboard_put(text, "<tr><th scope=\"row\">");
        dashboard_escape(text, table->rows[i].key);
        dashboard_put(text, "</th><td class=\"wide\">");
        dashboard_write_bar(text, "c-complete", sums->completes, most);
        dashboard_put(text, "</td><td class=\"n\">");
        dashboard_number(text, sums->completes);
        dashboard_put(text, "</td><td class=\"n\">");
        dashboard_share(text, sums->failures, rate_outcomes(sums));
        dashboard_put(text, "</td></tr>\n");
    }
    dashboard_put(text, "</tbody></table></div>\n</section>\n");
}

void dashboard_write_kinds(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct stats_table *table = view->stats->table;

    dashboard_put(text, "<div class=\"half\">\n");
    write_kind_table(text, &table[STATS_PLATFORMS], "platforms", "Platforms", "Platform");
    write_kind_table(text, &table[STATS_METHODS], "methods", "Methods", "Method");
    dashboard_put(text, "</div>\n");
    if (table[STATS_APPS].count > 1)
        write_kind_table(text, &table[STATS_APPS], "apps", "Apps", "App");
}

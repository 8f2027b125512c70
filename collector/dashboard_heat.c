/* The failure rate by platform and release, with jumps marked. */
#include <string.h>

#include "dashboard_rate.h"
#include "dashboard_view.h"

#define COLUMNS_MAX 8
#define ROWS_MAX    12

struct heat {
    const struct stats *stats, *history;
    const struct stats_row *release[STATS_ROWS_MAX]; /* the newest first */
    size_t releases;
    size_t columns; /* of them are shown */
    size_t jumps;   /* told so far */
};

static bool is_named(const struct stats_row *row)
{
    return row->key && strcmp(row->key, "other") != 0;
}

/* The newest releases, however few installs they have: a bad one is to show on its first day. */
static void find_releases(struct heat *heat)
{
    const struct stats_table *table = &heat->stats->table[STATS_RELEASES];

    for (size_t i = 0; i < table->count && heat->releases < STATS_ROWS_MAX; i++) {
        const struct stats_row *row = &table->rows[i];
        if (!is_named(row) || rate_outcomes(&row->sums) == 0)
            continue;
        size_t at = heat->releases++;
        for (; at > 0 && rate_compare_releases(heat->release[at - 1]->key, row->key) < 0; at--)
            heat->release[at] = heat->release[at - 1];
        heat->release[at] = row;
    }
    heat->columns = heat->releases < COLUMNS_MAX ? heat->releases : COLUMNS_MAX;
}

static const struct stats_sums *find_cell(const struct stats *stats, const char *platform,
                                          const char *release)
{
    const struct stats_table *table = &stats->table[STATS_PLATFORM_RELEASES];

    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].key, platform) == 0 && strcmp(table->rows[i].key2, release) == 0)
            return &table->rows[i].sums;
    return NULL;
}

/* The sums of a platform (NULL: of all) for a release by its place. */
static const struct stats_sums *sums_at(const struct heat *heat, const char *platform, size_t at)
{
    const struct stats_row *release = heat->release[at];

    return platform ? find_cell(heat->stats, platform, release->key) : &release->sums;
}

static bool is_older(const char *release, const char *than)
{
    return strcmp(release, "other") != 0 && rate_compare_releases(release, than) < 0;
}

/* What the older releases did on the platform (NULL: on all). */
static struct stats_sums history(const struct heat *heat, const char *platform, size_t at)
{
    const struct stats_table *table =
        &heat->history->table[platform ? STATS_PLATFORM_RELEASES : STATS_RELEASES];
    struct stats_sums sums = {0};

    for (size_t i = 0; i < table->count; i++) {
        const struct stats_row *row = &table->rows[i];
        if (platform && strcmp(row->key, platform) != 0)
            continue;
        if (is_older(platform ? row->key2 : row->key, heat->release[at]->key)) {
            sums.completes += row->sums.completes;
            sums.failures += row->sums.failures;
        }
    }
    return sums;
}

static void write_cell(struct dashboard_text *text, const struct heat *heat, const char *platform,
                       size_t at)
{
    const struct stats_sums *sums = sums_at(heat, platform, at);

    if (!sums || rate_outcomes(sums) == 0) {
        dashboard_put(text, "<td class=\"few\"><span aria-hidden=\"true\">·</span>"
                            "<span class=\"hidden-text\">none</span></td>");
        return;
    }
    struct stats_sums before = history(heat, platform, at);
    bool jumped = rate_jumped(sums, &before);
    if (rate_outcomes(sums) < RATE_OUTCOMES_MIN)
        dashboard_put(text, "<td class=\"few\">");
    else
        dashboard_putf(text, "<td class=\"h%d%s\">", rate_heat(sums), jumped ? " jump" : "");
    if (jumped)
        dashboard_put(text,
                      "<span aria-hidden=\"true\">▲ </span><span class=\"hidden-text\">regression "
                      "</span>");
    dashboard_share(text, sums->failures, rate_outcomes(sums));
    dashboard_put(text, "<small><span class=\"hidden-text\">of </span>");
    dashboard_number(text, rate_outcomes(sums));
    dashboard_put(text, "</small></td>");
}

static void write_row(struct dashboard_text *text, const struct heat *heat, const char *platform)
{
    dashboard_put(text, "<tr><th scope=\"row\">");
    dashboard_escape(text, platform ? platform : "All platforms");
    dashboard_put(text, "</th>");
    for (size_t i = 0; i < heat->columns; i++)
        write_cell(text, heat, platform, i);
    dashboard_put(text, "</tr>\n");
}

static void write_jump(struct dashboard_text *text, struct heat *heat, const char *platform,
                       size_t at)
{
    const struct stats_sums *sums = sums_at(heat, platform, at);
    struct stats_sums before = history(heat, platform, at);

    if (!sums || !rate_jumped(sums, &before))
        return;
    dashboard_put(text, heat->jumps++ ? "<li><b>" : "<ul class=\"jumps\">\n<li><b>");
    dashboard_escape(text, heat->release[at]->key);
    dashboard_put(text, "</b> on <b>");
    dashboard_escape(text, platform);
    dashboard_put(text, "</b>: ");
    dashboard_share(text, sums->failures, rate_outcomes(sums));
    dashboard_put(text, " of installs fail; ");
    dashboard_share(text, before.failures, rate_outcomes(&before));
    dashboard_put(text, " with older releases</li>\n");
}

static void write_jumps(struct dashboard_text *text, struct heat *heat)
{
    const struct stats_table *platforms = &heat->stats->table[STATS_PLATFORMS];

    for (size_t at = 0; at < heat->columns; at++)
        for (size_t i = 0; i < platforms->count && i < ROWS_MAX; i++)
            if (is_named(&platforms->rows[i]))
                write_jump(text, heat, platforms->rows[i].key, at);
    if (heat->jumps)
        dashboard_put(text, "</ul>\n");
}

static void write_table(struct dashboard_text *text, const struct heat *heat)
{
    const struct stats_table *platforms = &heat->stats->table[STATS_PLATFORMS];

    dashboard_put(text,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"heat\">"
                  "<table class=\"heat\">\n<thead><tr><th scope=\"col\">Platform</th>");
    for (size_t i = 0; i < heat->columns; i++) {
        dashboard_put(text, "<th scope=\"col\">");
        dashboard_escape(text, heat->release[i]->key);
        dashboard_put(text, "</th>");
    }
    dashboard_put(text, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < platforms->count && i < ROWS_MAX; i++)
        if (is_named(&platforms->rows[i]))
            write_row(text, heat, platforms->rows[i].key);
    write_row(text, heat, NULL);
    dashboard_put(text, "</tbody></table></div>\n");
}

void dashboard_write_heat(struct dashboard_text *text, const struct dashboard_view *view)
{
    struct heat heat = {.stats = view->stats, .history = view->history};

    find_releases(&heat);
    if (heat.releases == 0)
        return;
    dashboard_put(
        text,
        "<section aria-labelledby=\"heat\">\n<h2 id=\"heat\">Failure rate by platform and "
        "release</h2>\n<p class=\"lead\">Failed installs of those whose outcome is known; the "
        "small number is how many that are. <span class=\"mark\">▲</span> marks a regression: "
        "three points or more above the older releases on that platform, over 90 days or "
        "more, and not by chance.</p>\n");
    write_jumps(text, &heat);
    write_table(text, &heat);
    dashboard_put(text, "</section>\n");
}

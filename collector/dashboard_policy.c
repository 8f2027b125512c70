/* What was refused, and what is kept: the parts of the page that keep the collector honest. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dashboard_view.h"
#include "forward_lane.h"

/* Events that came but were not taken; the erased are left out, as nothing is wrong with them. */
static uint64_t refused(const struct stats *stats)
{
    uint64_t sum = 0;

    for (int i = 0; i < REJECT_REASONS; i++)
        if (i != REJECT_ERASED)
            sum += stats->rejects_total[i];
    return sum;
}

void dashboard_write_rejects(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct stats_sums *sums = &view->stats->totals;
    uint64_t count = refused(view->stats);

    if (count == 0)
        return;
    dashboard_put(
        text, "<section aria-labelledby=\"refused\">\n<h2 id=\"refused\">Refused requests</h2>\n");
    if (count > sums->starts + sums->completes + sums->failures)
        dashboard_put(
            text, "<p class=\"notice\">More requests were refused than taken: an installer may be "
                  "sending something this collector does not understand.</p>\n");
    dashboard_put(
        text,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"refused\"><table>"
        "<thead><tr><th scope=\"col\">Reason</th><th scope=\"col\">Meaning</th>"
        "<th scope=\"col\" class=\"n\">Requests</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < REJECT_REASONS; i++) {
        if (view->stats->rejects_total[i] == 0)
            continue;
        dashboard_put(text, "<tr><th scope=\"row\"><code>");
        dashboard_escape(text, reject_reasons[i].code);
        dashboard_put(text, "</code></th><td class=\"prose\">");
        dashboard_escape(text, reject_reasons[i].meaning);
        dashboard_put(text, "</td><td class=\"n\">");
        dashboard_number(text, view->stats->rejects_total[i]);
        dashboard_put(text, "</td></tr>\n");
    }
    dashboard_put(text, "</tbody></table></div>\n</section>\n");
}

static void write_fields(struct dashboard_text *text)
{
    dashboard_put(text, "<dt>Of each install</dt><dd>");
    for (int i = 0; i < EVENT_MEMBERS; i++) {
        dashboard_put(text, i ? ", " : "");
        dashboard_escape(text, event_fields[i].description);
        dashboard_put(text, " (<code>");
        dashboard_escape(text, event_fields[i].name);
        dashboard_put(text, "</code>)");
    }
    dashboard_put(text, "; and when it arrived. Nothing else is stored.</dd>\n");
}

static void write_forwarding(struct dashboard_text *text, const struct config_app *apps,
                             size_t count)
{
    bool ga4 = false, posthog = false;

    for (size_t i = 0; i < count; i++) {
        ga4 = ga4 || forward_wanted(FORWARD_GA4, &apps[i]);
        posthog = posthog || forward_wanted(FORWARD_POSTHOG, &apps[i]);
    }
    dashboard_put(text, "<dt>Passed on</dt><dd>");
    if (ga4 || posthog)
        dashboard_putf(text, "The same values go on to %s%s%s, without an address.</dd>\n",
                       ga4 ? "Google Analytics 4" : "", ga4 && posthog ? " and " : "",
                       posthog ? "PostHog" : "");
    else
        dashboard_put(text, "To nobody.</dd>\n");
}

static void write_retention(struct dashboard_text *text, const struct config_app *apps,
                            size_t count, int64_t last_purge)
{
    uint32_t least = apps[0].retention_days, most = least;
    char when[21];

    for (size_t i = 1; i < count; i++) {
        least = apps[i].retention_days < least ? apps[i].retention_days : least;
        most = apps[i].retention_days > most ? apps[i].retention_days : most;
    }
    dashboard_put(text, "<dt>For how long</dt><dd>Events are deleted after ");
    if (least == most)
        dashboard_putf(text, "%" PRIu32 " days", most);
    else
        dashboard_putf(text, "%" PRIu32 " to %" PRIu32 " days, as the app has it", least, most);
    dashboard_put(text, "; the daily counts on this page hold no ids and stay. ");
    if (last_purge > 0) {
        stats_hour_text(last_purge, when);
        dashboard_putf(text, "Last deletion: %.10s.</dd>\n", when);
    } else {
        dashboard_put(text, "There was no deletion yet.</dd>\n");
    }
}

void dashboard_write_policy(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct config_app *apps = view->config->apps;
    size_t count = view->config->app_count;

    for (size_t i = 0; i < count; i++)
        if (strcmp(apps[i].name, view->stats->query.app) == 0) {
            apps = &apps[i];
            count = 1;
            break;
        }
    dashboard_put(
        text, "<section aria-labelledby=\"keep\">\n<h2 id=\"keep\">What we keep</h2>\n"
              "<p class=\"lead\">Anonymous counts of installs, and nothing about the person.</p>\n"
              "<dl class=\"keep\">\n");
    write_fields(text);
    dashboard_put(
        text, "<dt>Addresses</dt><dd>Held in memory for a moment to limit floods; never written "
              "down.</dd>\n");
    if (count > 0) {
        write_retention(text, apps, count, view->last_purge);
        write_forwarding(text, apps, count);
    }
    dashboard_putf(text,
                   "<dt>In public</dt><dd>Groups of fewer than %" PRIu32
                   " installs are shown as “other”.</dd>\n",
                   view->stats->k);
    dashboard_put(
        text,
        "<dt>Your own events</dt><dd><code>footfall id</code> shows the id of this machine, "
        "<code>footfall forget</code> deletes everything under it here and then the id itself."
        "</dd>\n</dl>\n</section>\n");
}

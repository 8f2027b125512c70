/* The dashboard: the page at /. Whole without JavaScript; the script only adds the charts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "dashboard_assets.h"
#include "dashboard_view.h"
#include "log.h"

static void write_asset(struct dashboard_text *text, const char *before, const char *name,
                        const char *after)
{
    const struct dashboard_asset *asset = dashboard_asset_named(name);

    dashboard_putf(text, "%sassets/%s?v=%s%s\n", before, name, asset ? asset->version : "", after);
}

static void write_head(struct dashboard_text *text, const char *title)
{
    dashboard_put(text, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    dashboard_escape(text, title);
    dashboard_put(text, " · Footfall</title>\n");
    write_asset(text, "<link rel=\"icon\" href=\"", "icon.svg", "\">");
    write_asset(text, "<link rel=\"stylesheet\" href=\"", "uPlot.min.css", "\">");
    write_asset(text, "<link rel=\"stylesheet\" href=\"", "dashboard.css", "\">");
}

static void write_scripts(struct dashboard_text *text)
{
    write_asset(text, "<script defer src=\"", "uPlot.iife.min.js", "\"></script>");
    write_asset(text, "<script defer src=\"", "dashboard.js", "\"></script>");
}

static void write_banner(struct dashboard_text *text, const struct dashboard_view *view,
                         const char *title)
{
    char first[11], last[11];

    stats_day_text(view->stats->query.first_day, first);
    stats_day_text(view->stats->query.last_day, last);
    dashboard_put(text, "<a class=\"skip\" href=\"#figures\">Skip to the figures</a>\n"
                        "<div class=\"page\">\n<header class=\"top\">\n<h1>");
    dashboard_escape(text, title);
    dashboard_putf(text,
                   "</h1>\n<p>%s to %s, UTC</p>\n<p class=\"brand\">Footfall</p>\n</header>\n",
                   first, last);
}

static void write_footer(struct dashboard_text *text, const struct dashboard_view *view)
{
    char when[21];

    stats_hour_text(view->stats->generated, when);
    dashboard_put(text, "<footer><span>The same figures for programs:</span> "
                        "<a href=\"v1/stats?");
    dashboard_write_query(text, view);
    dashboard_put(text, "\">stats</a> <a href=\"v1/schema\">schema</a> "
                        "<a href=\"v1/policy\">policy</a> <a href=\"metrics\">metrics</a>");
    dashboard_putf(text, "<span>Made %.10s %.5s UTC, to the hour.</span></footer>\n", when,
                   when + 11);
}

static bool is_empty(const struct stats_sums *sums)
{
    return sums->starts + sums->completes + sums->failures == 0;
}

static void write_body(struct dashboard_text *text, const struct dashboard_view *view)
{
    dashboard_put(text, "<main id=\"figures\">\n");
    if (view->stats->below_k) {
        dashboard_putf(text,
                       "<p class=\"empty\">These filters leave fewer than %u installs: too few to "
                       "be shown without pointing at somebody.</p>\n",
                       (unsigned)view->stats->k);
    } else if (is_empty(&view->stats->totals)) {
        dashboard_put(text,
                      "<p class=\"empty\">No events in these days with these filters. Events show "
                      "here a few seconds after they arrive.</p>\n");
    } else {
        dashboard_write_figures(text, view);
        dashboard_put(text, "<div class=\"pair\">\n");
        dashboard_write_installs(text, view);
        dashboard_write_funnel(text, view);
        dashboard_put(text, "</div>\n");
        dashboard_write_heat(text, view);
        dashboard_write_adoption(text, view);
        dashboard_write_kinds(text, view);
    }
    dashboard_write_rejects(text, view);
    dashboard_write_policy(text, view);
    dashboard_put(text, "</main>\n");
}

void dashboard_write(struct dashboard_text *text, const struct dashboard_view *view)
{
    const char *app = view->stats->query.app;
    const char *title = *app                           ? app
                        : view->config->app_count == 1 ? view->config->apps[0].name
                                                       : "All apps";

    write_head(text, title);
    write_scripts(text);
    dashboard_put(text, "</head>\n<body data-stats=\"v1/stats?");
    dashboard_write_query(text, view);
    dashboard_put(text, "\">\n");
    write_banner(text, view, title);
    dashboard_write_form(text, view);
    write_body(text, view);
    write_footer(text, view);
    dashboard_put(text, "</div>\n</body>\n</html>\n");
}

void dashboard_write_refusal(struct dashboard_text *text, const char *parameter)
{
    write_head(text, "Not a view");
    dashboard_put(
        text,
        "</head>\n<body>\n<div class=\"page\">\n<header class=\"top\"><h1>This address asks for "
        "something unknown</h1></header>\n<main><p>The parameter <code>");
    dashboard_escape(text, parameter);
    dashboard_put(
        text,
        "</code> is none, or does not parse. Days are a number from 1 to 3660; from and to are days as "
        "in 2026-11-21, in this order.</p>\n"
        "<p><a href=\"./\">The whole dashboard</a></p></main>\n</div>\n</body>\n</html>\n");
}

static void answer_text(struct answer *answer, unsigned status, struct dashboard_text *text)
{
    /* No inline script or style, nobody else's files, in nobody's frame. */
    answer_header(
        answer, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    answer_header(answer, "X-Content-Type-Options", "nosniff");
    answer_header(answer, "Referrer-Policy", "no-referrer");
    answer_header(answer, "Cache-Control", "no-cache");
    answer->status = text->failed ? 503 : status;
    if (text->failed) {
        answer_header(answer, "Retry-After", "10");
        dashboard_text_release(text);
        return;
    }
    answer->content_type = "text/html; charset=utf-8";
    answer->body = text->data;
    answer->len = text->len;
    answer->owned = true;
}

static bool collect(const struct ask *ask, const struct stats_query *query, struct stats **stats)
{
    enum store_error error = stats_collect(ask->store, query, ask->config->k, ask->now, stats);

    if (error != STORE_OK)
        log_line(LOG_ERROR, "the figures cannot be read", "reason", store_message(ask->store),
                 NULL);
    return error == STORE_OK;
}

/* The figures of the page: as filtered, as a choice of filters, and as history. What would be the
 * same is collected once. */
struct figures {
    struct stats *shown, *choices, *history;
};

static bool collect_all(const struct ask *ask, const struct stats_query *query,
                        struct figures *figures)
{
    struct stats_query wide = *query, old = *query;

    wide.release[0] = wide.platform[0] = wide.method[0] = '\0';
    old.release[0] = '\0';
    if (old.first_day > old.last_day - DASHBOARD_HISTORY_DAYS + 1)
        old.first_day = old.last_day - DASHBOARD_HISTORY_DAYS + 1;
    if (!collect(ask, query, &figures->shown))
        return false;
    if ((*query->release || *query->platform || *query->method) &&
        !collect(ask, &wide, &figures->choices))
        return false;
    return (!*query->release && old.first_day == query->first_day) ||
           collect(ask, &old, &figures->history);
}

void dashboard_page(const struct ask *ask, struct answer *answer)
{
    struct dashboard_text text = {.data = NULL};
    struct dashboard_view view = {.config = ask->config};
    struct figures figures = {NULL, NULL, NULL};
    struct stats_query query;

    const char *wrong = ask->unknown
                            ? ask->unknown
                            : stats_query_read(&query, ask->now, ask->query, ask->query_context);
    if (wrong) {
        dashboard_write_refusal(&text, wrong);
        answer_text(answer, 400, &text);
        return;
    }
    text.failed = !collect_all(ask, &query, &figures) ||
                  store_last_purge(ask->store, &view.last_purge) != STORE_OK;
    if (!text.failed) {
        view.stats = figures.shown;
        view.choices = figures.choices ? figures.choices : figures.shown;
        view.history = figures.history ? figures.history : figures.shown;
        view.days_named =
            ask->query(ask->query_context, "from") || ask->query(ask->query_context, "to");
        dashboard_write(&text, &view);
    }
    stats_free(figures.shown);
    stats_free(figures.choices);
    stats_free(figures.history);
    answer_text(answer, 200, &text);
}

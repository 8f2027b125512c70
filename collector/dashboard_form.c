/* The filters: a plain form whose state is the address. */
#include <stdio.h>
#include <string.h>

#include "dashboard_view.h"

static void write_parameter(struct dashboard_text *text, const char *name, const char *value)
{
    if (!*value)
        return;
    dashboard_putf(text, "&amp;%s=", name);
    dashboard_url(text, value);
}

static int32_t days_back(const struct dashboard_view *view)
{
    return view->stats->query.last_day - view->stats->query.first_day + 1;
}

void dashboard_write_query(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct stats_query *query = &view->stats->query;
    char first[11], last[11];

    if (view->days_named) {
        stats_day_text(query->first_day, first);
        stats_day_text(query->last_day, last);
        dashboard_putf(text, "from=%s&amp;to=%s", first, last);
    } else {
        dashboard_putf(text, "days=%d", (int)days_back(view));
    }
    write_parameter(text, "app", query->app);
    write_parameter(text, "release", query->release);
    write_parameter(text, "platform", query->platform);
    write_parameter(text, "method", query->method);
}

static void write_option(struct dashboard_text *text, const char *value, const char *label,
                         bool selected)
{
    dashboard_put(text, "<option value=\"");
    dashboard_escape(text, value);
    dashboard_putf(text, "\"%s>", selected ? " selected" : "");
    dashboard_escape(text, label);
    dashboard_put(text, "</option>");
}

static void begin_select(struct dashboard_text *text, const char *label, const char *name)
{
    dashboard_putf(text, "<label>%s<select name=\"%s\">", label, name);
}

static void end_select(struct dashboard_text *text)
{
    dashboard_put(text, "</select></label>\n");
}

static void write_days(struct dashboard_text *text, const struct dashboard_view *view)
{
    static const int32_t ranges[] = {7, 30, 90, 365};
    int32_t days = days_back(view);
    bool listed = false;
    char value[12], label[32];

    begin_select(text, "Days", "days");
    for (size_t i = 0; i <= sizeof ranges / sizeof ranges[0]; i++) {
        bool extra = i == sizeof ranges / sizeof ranges[0];
        int32_t range = extra ? days : ranges[i];
        if (extra && listed)
            break;
        listed = listed || range == days;
        snprintf(value, sizeof value, "%d", (int)range);
        snprintf(label, sizeof label, range == 1 ? "Today" : "Last %d days", (int)range);
        write_option(text, value, label, range == days);
    }
    end_select(text);
}

static void write_named_days(struct dashboard_text *text, const struct dashboard_view *view)
{
    char first[11], last[11];

    stats_day_text(view->stats->query.first_day, first);
    stats_day_text(view->stats->query.last_day, last);
    dashboard_putf(text,
                   "<input type=\"hidden\" name=\"from\" value=\"%s\">"
                   "<input type=\"hidden\" name=\"to\" value=\"%s\">\n",
                   first, last);
}

static void write_apps(struct dashboard_text *text, const struct dashboard_view *view)
{
    const char *chosen = view->stats->query.app;

    if (view->config->app_count < 2)
        return;
    begin_select(text, "App", "app");
    write_option(text, "", "All apps", !*chosen);
    for (size_t i = 0; i < view->config->app_count; i++) {
        const char *name = view->config->apps[i].name;
        write_option(text, name, name, strcmp(name, chosen) == 0);
    }
    end_select(text);
}

/* What there is to choose from, the chosen one always among it. No filter finds what was
 * folded into "other"; a method that is called so can be asked for in the address. */
static void write_choices(struct dashboard_text *text, const struct dashboard_view *view,
                          enum stats_table_id id, const char *label, const char *name,
                          const char *chosen)
{
    const struct stats_table *table = &view->choices->table[id];
    bool listed = !*chosen;

    begin_select(text, label, name);
    write_option(text, "", "All", !*chosen);
    for (size_t i = 0; i < table->count; i++) {
        const char *key = table->rows[i].key;
        bool selected = strcmp(key, chosen) == 0;

        if (strcmp(key, "other") == 0)
            continue;
        listed = listed || selected;
        write_option(text, key, key, selected);
    }
    if (!listed)
        write_option(text, chosen, chosen, true);
    end_select(text);
}

void dashboard_write_form(struct dashboard_text *text, const struct dashboard_view *view)
{
    const struct stats_query *query = &view->stats->query;

    dashboard_put(text, "<form class=\"filters\" method=\"get\" action=\"./\" autocomplete=\"off\" "
                        "aria-label=\"Filters\">\n");
    if (view->days_named)
        write_named_days(text, view);
    else
        write_days(text, view);
    write_apps(text, view);
    write_choices(text, view, STATS_RELEASES, "Release", "release", query->release);
    write_choices(text, view, STATS_PLATFORMS, "Platform", "platform", query->platform);
    write_choices(text, view, STATS_METHODS, "Method", "method", query->method);
    dashboard_put(text, "<button type=\"submit\">Show</button>\n");
    if (*query->app || *query->release || *query->platform || *query->method || view->days_named)
        dashboard_put(text, "<a href=\"./\">Clear</a>\n");
    dashboard_put(text, "</form>\n");
}

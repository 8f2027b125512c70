/* What a dashboard shows, and the parts that write it. */
#ifndef FOOTFALL_DASHBOARD_VIEW_H
#define FOOTFALL_DASHBOARD_VIEW_H

#include "config.h"
#include "dashboard_text.h"
#include "stats.h"

#define DASHBOARD_HISTORY_DAYS 90
#define DASHBOARD_BANDS        5 /* releases with a colour of their own; the rest shares a sixth */

struct dashboard_view {
    const struct config *config;
    const struct stats *stats;   /* as filtered */
    const struct stats *choices; /* same app and days without the other filters, for the form */
    const struct stats *history; /* all releases of a longer time, to judge the shown ones by */
    int64_t last_purge;          /* Unix seconds, 0 = never */
    bool days_named;             /* the address gives from or to */
};

/* The whole page. */
void dashboard_write(struct dashboard_text *text, const struct dashboard_view *view);

/* A page that says what is wrong with the address: the parameter has no meaning, or a bad value. */
void dashboard_write_refusal(struct dashboard_text *text, const char *parameter);

/* The parts, each one file's work. */
void dashboard_write_query(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_form(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_figures(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_installs(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_funnel(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_heat(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_adoption(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_kinds(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_rejects(struct dashboard_text *text, const struct dashboard_view *view);
void dashboard_write_policy(struct dashboard_text *text, const struct dashboard_view *view);

/* A bar that fills part of whole; the class colours it. */
void dashboard_write_bar(struct dashboard_text *text, const char *class, uint64_t part,
                         uint64_t whole);

/* The square that stands for a series in a legend. */
void dashboard_write_swatch(struct dashboard_text *text, const char *class);

#endif

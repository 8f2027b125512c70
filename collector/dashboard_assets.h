/* The static parts of the dashboard, embedded into the program by scripts/embed-assets. */
#ifndef FOOTFALL_DASHBOARD_ASSETS_H
#define FOOTFALL_DASHBOARD_ASSETS_H

#include <stddef.h>

struct dashboard_asset {
    const char *name, *type;
    const char *version; /* changes with the content */
    const unsigned char *plain;
    size_t plain_len;
    const unsigned char *gzip;
    size_t gzip_len;
};

extern const struct dashboard_asset dashboard_assets[];
extern const size_t dashboard_asset_count;

/* The asset of that name, or NULL. */
const struct dashboard_asset *dashboard_asset_named(const char *name);

#endif

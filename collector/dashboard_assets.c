#include "dashboard_assets.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"

static const char prefix[] = "/assets/";

const struct dashboard_asset *dashboard_asset_named(const char *name)
{
    for (size_t i = 0; i < dashboard_asset_count; i++)
        if (strcmp(dashboard_assets[i].name, name) == 0)
            return &dashboard_assets[i];
    return NULL;
}

/* True where the list of codings names gzip and does not give it the weight 0. */
static bool takes_gzip(const char *accepted)
{
    const char *found = accepted ? strstr(accepted, "gzip") : NULL;

    if (!found)
        return false;
    found += strlen("gzip");
    found += strspn(found, " ");
    if (strncmp(found, ";q=0", 4) != 0)
        return true;
    return found[4] == '.' && strspn(found + 5, "0") < strspn(found + 5, "0123456789");
}

/* Each coding is a representation of its own, so each has a tag of its own. */
void dashboard_asset(const struct ask *ask, struct answer *answer)
{
    const struct dashboard_asset *asset = NULL;
    char tag[64];

    if (strncmp(ask->path, prefix, strlen(prefix)) == 0)
        asset = dashboard_asset_named(ask->path + strlen(prefix));
    if (!asset) {
        answer->status = 404;
        return;
    }
    bool gzip = takes_gzip(ask->accept_encoding);
    snprintf(tag, sizeof tag, "\"%s%s\"", asset->version, gzip ? "-gz" : "");
    answer_header(answer, "ETag", tag);
    /* Pages name the version in the address: what is behind it never changes. */
    answer_header(answer, "Cache-Control", "public, max-age=31536000, immutable");
    answer_header(answer, "Vary", "Accept-Encoding");
    answer_header(answer, "X-Content-Type-Options", "nosniff");
    if (ask->if_none_match && strstr(ask->if_none_match, tag)) {
        answer->status = 304;
        return;
    }
    if (gzip)
        answer_header(answer, "Content-Encoding", "gzip");
    answer->status = 200;
    answer->content_type = asset->type;
    answer->body = gzip ? asset->gzip : asset->plain;
    answer->len = gzip ? asset->gzip_len : asset->plain_len;
}

/* Pages are made by one thread, so that long queries never hold up events; equal questions about
 * equal figures share one answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "reply.h"
#include "request.h"
#include "siphash.h"

#define CACHE_PAGES  32
#define FRESH_US     1000000 /* an answer this young is served although there are new events */
#define UNCHANGED_US 3000000 /* and this young when there are none */
#define KEY_MAX      512

struct cached {
    char key[KEY_MAX];
    struct answer_shared *page; /* NULL = free */
    char etag[40];
    uint64_t generation;
    int64_t made_us;
    const struct live *live;
};

static struct cached cache[CACHE_PAGES];

struct key {
    char text[KEY_MAX];
    size_t len;
    bool whole;
};

static void add(struct key *key, const char *text)
{
    size_t n = strlen(text);

    key->whole = key->whole && n + 2 < sizeof key->text - key->len;
    if (!key->whole)
        return;
    memcpy(key->text + key->len, text, n);
    key->len += n;
    key->text[key->len++] = '\n';
    key->text[key->len] = '\0';
}

static enum MHD_Result add_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    (void)kind;
    add(context, name);
    add(context, value == NULL ? "" : value);
    return MHD_YES;
}

/* A page that looks at no parameter is the same whatever they are, and one that does not know a
 * parameter is not kept. */
static struct key key_of(struct request *request)
{
    struct key key = {.whole = true};

    add(&key, request->path);
    if (request->match.route->parameters != NULL)
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_parameter, &key);
    return key;
}

static bool still_good(const struct cached *cached, const struct request *request)
{
    int64_t age = clock_steady_us() - cached->made_us;
    bool same = cached->generation == store_generation(request->service->store);

    return cached->live == request->live && age < (same ? UNCHANGED_US : FRESH_US);
}

static struct cached *find(const struct key *key, struct cached **oldest)
{
    *oldest = &cache[0];
    for (struct cached *c = cache; c < cache + CACHE_PAGES; c++) {
        if (c->page != NULL && strcmp(c->key, key->text) == 0)
            return c;
        if (c->page == NULL || ((*oldest)->page != NULL && c->made_us < (*oldest)->made_us))
            *oldest = c;
    }
    return NULL;
}

static void forget(struct cached *cached)
{
    answer_unshare(cached->page);
    memset(cached, 0, sizeof *cached);
}

/* Every page gets an ETag; its bytes are what it is made of. */
static void tag(struct answer *answer, char etag[40])
{
    static const struct siphash_key key = {{0, 0}};
    struct siphash hash = siphash_of(&key, answer->body, answer->len);

    snprintf(etag, 40, "\"%016llx%016llx\"", (unsigned long long)hash.word[0],
             (unsigned long long)hash.word[1]);
    answer_header(answer, MHD_HTTP_HEADER_ETAG, etag);
}

static struct cached *make(struct request *request, const struct key *key, struct cached *place)
{
    uint64_t generation = store_generation(request->service->store);
    int64_t began = clock_steady_us();

    reply_run_page(request);
    if (request->refused || request->answer.status != MHD_HTTP_OK || !key->whole)
        return NULL;
    forget(place);
    tag(&request->answer, place->etag);
    place->page = answer_share(&request->answer);
    if (place->page == NULL)
        return NULL;
    memcpy(place->key, key->text, key->len + 1);
    place->generation = generation;
    place->made_us = began;
    place->live = request->live;
    return place;
}

static void give(struct request *request, struct cached *cached)
{
    const char *known = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                    MHD_HTTP_HEADER_IF_NONE_MATCH);

    memset(&request->answer, 0, sizeof request->answer);
    if (known != NULL && strstr(known, cached->etag) != NULL) {
        request->answer.status = MHD_HTTP_NOT_MODIFIED;
        answer_header(&request->answer, MHD_HTTP_HEADER_ETAG, cached->etag);
        return;
    }
    request->shared = answer_share_again(cached->page);
}

void reader_work(struct service *service, struct request *list, size_t count)
{
    struct request *next;
    struct cached *hit, *oldest;

    (void)service;
    (void)count;
    for (; list != NULL; list = next) {
        struct key key = key_of(list);

        next = list->next;
        hit = find(&key, &oldest);
        if (hit == NULL || !still_good(hit, list))
            hit = make(list, &key, hit == NULL ? oldest : hit);
        if (hit != NULL)
            give(list, hit);
        request_done(list);
    }
}

void reader_forget(void)
{
    for (struct cached *c = cache; c < cache + CACHE_PAGES; c++)
        forget(c);
}

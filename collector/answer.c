#include "answer.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void answer_header(struct answer *answer, const char *name, const char *value)
{
    struct answer_header *header = &answer->header[answer->headers];

    if (answer->headers == ANSWER_HEADERS_MAX)
        return;
    answer->headers++;
    header->name = name;
    snprintf(header->value, sizeof header->value, "%s", value);
}

static void release(struct answer *answer)
{
    if (answer->owned)
        free((void *)(uintptr_t)answer->body);
    answer->owned = false;
}

struct answer_shared *answer_share(struct answer *answer)
{
    struct answer_shared *shared = malloc(sizeof *shared);

    if (shared == NULL) {
        release(answer);
        return NULL;
    }
    atomic_init(&shared->references, 1);
    shared->answer = *answer;
    answer->owned = false;
    return shared;
}

struct answer_shared *answer_share_again(struct answer_shared *shared)
{
    atomic_fetch_add(&shared->references, 1);
    return shared;
}

void answer_unshare(void *context)
{
    struct answer_shared *shared = context;

    if (shared == NULL || atomic_fetch_sub(&shared->references, 1) > 1)
        return;
    release(&shared->answer);
    free(shared);
}

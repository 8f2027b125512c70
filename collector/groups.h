/* Adds up daily counts into the rows of one table of the figures. */
#ifndef FOOTFALL_GROUPS_H
#define FOOTFALL_GROUPS_H

#include "stats.h"

/* Texts that live as long as the figures, each once. */
struct texts;
struct texts *texts_new(void);
void texts_free(struct texts *texts);
/* The text, or "other" without memory or when there are too many. */
const char *texts_keep(struct texts *texts, const char *text);

struct groups;

/* by_day: the day is part of what makes a row. */
struct groups *groups_new(bool by_day);
void groups_free(struct groups *groups);

/* Adds a daily count. Keys come from texts_keep(), or are NULL; days come in order. */
void groups_add(struct groups *groups, int32_t day, const char *key, const char *key2,
                const struct stats_sums *sums);

/* What a row stands for: installs, seen from whichever end shows more of them. */
uint64_t groups_installs(const struct stats_sums *sums);

/* Ends the table: rows of fewer than k installs, and those behind the `most` largest (of their day,
 * when by_day), are folded into "other" (of their day, when by_day; of their key first, when there
 * are two). The rows are the caller's to free. False without memory. */
__attribute__((warn_unused_result)) bool groups_end(struct groups *groups, uint32_t k, size_t most,
                                                    struct stats_table *table);

#endif

/* The JSON and text pages. */
#ifndef FOOTFALL_PAGES_H
#define FOOTFALL_PAGES_H

#include "answer.h"

answer_page pages_schema;
answer_page pages_policy;
answer_page pages_stats;
answer_page pages_metrics;

#endif

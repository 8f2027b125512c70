/* The JSON Schema (draft 2020-12) of the event, for the collector's /v1/schema and for readers. */
#ifndef FOOTFALL_SCHEMA_H
#define FOOTFALL_SCHEMA_H

#include "cJSON.h"

/* The caller owns the tree (cJSON_Delete). NULL when memory ran out. */
cJSON *schema_json(void);

#endif

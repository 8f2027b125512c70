#include "schema.h"

#include "event.h"

/* The same rules that event_value_ok() enforces, as patterns; a test compares the two. The
 * look-ahead is for engines whose "$" also matches before a last newline. */
static const char word_pattern[] = "^[A-Za-z0-9._+-]+$(?!\\n)";
static const char uuid4_pattern[] =
    "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$(?!\\n)";

static cJSON *words(const char *const *allowed)
{
    cJSON *list = cJSON_CreateArray();
    for (; *allowed != NULL; allowed++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*allowed));
    return list;
}

static void describe(cJSON *properties, const struct event_field *field)
{
    cJSON *p = cJSON_AddObjectToObject(properties, field->name);

    cJSON_AddStringToObject(p, "description", field->description);
    cJSON_AddStringToObject(p, "type", "string");
    cJSON_AddNumberToObject(p, "minLength", 1);
    cJSON_AddNumberToObject(p, "maxLength", (double)field->max);
    switch (field->kind) {
    case EVENT_KIND_SET:
        cJSON_AddItemToObject(p, "enum", words(field->allowed));
        break;
    case EVENT_KIND_WORD:
        cJSON_AddStringToObject(p, "pattern", word_pattern);
        break;
    case EVENT_KIND_UUID4:
        cJSON_AddStringToObject(p, "format", "uuid");
        cJSON_AddStringToObject(p, "pattern", uuid4_pattern);
        break;
    }
    cJSON_AddItemToObject(p, "examples", cJSON_CreateStringArray(&field->example, 1));
}

cJSON *schema_json(void)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *properties, *required;

    cJSON_AddStringToObject(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(root, "title", "Footfall install event");
    cJSON_AddStringToObject(root, "type", "object");
    required = cJSON_AddArrayToObject(root, "required");
    properties = cJSON_AddObjectToObject(root, "properties");
    for (enum event_member m = 0; m < EVENT_MEMBERS; m++) {
        cJSON_AddItemToArray(required, cJSON_CreateString(event_fields[m].name));
        describe(properties, &event_fields[m]);
    }
    return root;
}

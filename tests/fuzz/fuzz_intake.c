/* The collector's reading of a request body. Whatever is let in must be an event, and must survive
 * being encoded and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct intake intake, again;
    char text[EVENT_JSON_MAX];
    static int ready;

    if (!ready++)
        intake_init();
    if (!intake_read((const char *)data, size, &intake)) {
        if (intake.reason >= REJECT_REASONS)
            abort();
        return 0;
    }
    size = event_encode(&intake.event, text, sizeof text);
    if (size == 0 || !intake_read(text, size, &again) ||
        memcmp(&intake.event, &again.event, sizeof again.event) != 0)
        abort();
    return 0;
}

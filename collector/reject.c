#include "reject.h"

const struct reject_reason reject_reasons[REJECT_REASONS] = {
#define X(id, code, status, meaning) [REJECT_##id] = {code, status, meaning},
    REJECT_TABLE(X)
#undef X
};

/* The rate limits of the running collector: one bucket an address for events, one for erasures. */
#ifndef FOOTFALL_GATE_H
#define FOOTFALL_GATE_H

#include <stdint.h>

#include "address.h"

enum gate_kind { GATE_EVENT, GATE_ERASE, GATE_KINDS };

struct gate;

struct gate *gate_new(uint32_t per_minute);
void gate_free(struct gate *gate);
void gate_set(struct gate *gate, uint32_t per_minute);

/* 0 = let in, else the seconds to wait. The address is hashed with a salt that lives a day. */
uint32_t gate_pass(struct gate *gate, enum gate_kind kind, const struct address *address);

#endif

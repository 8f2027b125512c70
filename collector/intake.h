/* From the bytes of a body to an event: strict, and never guessing.
 *
 * Decisions, each with a test: bytes that are not UTF-8, raw control bytes, \u0000, lone
 * surrogates, more than 8 levels, a byte order mark or anything behind the object make the body
 * invalid_json; a known member twice is duplicate_member, also when both say the same; a known
 * member that is no string is invalid_value; an unknown member is dropped, whatever it holds, and
 * counted by the kind of its name. Escapes are fine: "\u0076" is the letter v. */
#ifndef FOOTFALL_INTAKE_H
#define FOOTFALL_INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "reject.h"

#define INTAKE_BODY_MAX 4096 /* bytes */

/* What kind of thing the name of an unknown member suggests; the name itself is never kept. */
#define INTAKE_CLASSES(X)                                                                          \
    X(ADDRESS, "address")                                                                          \
    X(PERSON, "person")                                                                            \
    X(MACHINE, "machine")                                                                          \
    X(PATH, "path")                                                                                \
    X(TIME, "time")                                                                                \
    X(VERSION, "version")                                                                          \
    X(OTHER, "other")

enum intake_class {
#define X(id, name) INTAKE_##id,
    INTAKE_CLASSES(X)
#undef X
        INTAKE_CLASS_COUNT
};
extern const char *const intake_class_names[INTAKE_CLASS_COUNT];

struct intake {
    struct event event;                   /* whole when the verdict is INTAKE_OK */
    enum reject reason;                   /* when it is not */
    const char *field;                    /* the member at fault, or NULL; static text */
    uint16_t unknown[INTAKE_CLASS_COUNT]; /* unknown members by kind of name */
};

/* Installs the parser's memory: call once, before any thread. */
void intake_init(void);

/* True when the body is an event. Keeps nothing of the body; thread-safe. */
bool intake_read(const char *body, size_t len, struct intake *intake);

#endif

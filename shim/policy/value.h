/* How the value of an opt-out variable reads: shim/spec/optout.tsv is the truth table. */
#ifndef FOOTFALL_VALUE_H
#define FOOTFALL_VALUE_H

enum value {
    VALUE_NONE,  /* not set, or nothing but white space */
    VALUE_FALSE, /* a known word for no */
    VALUE_TRUE,  /* a known word for yes */
    VALUE_ODD,   /* set to something nobody can interpret */
};

/* text may be NULL: not set. White space round it and the case of letters do not matter. */
enum value value_read(const char *text);

#endif

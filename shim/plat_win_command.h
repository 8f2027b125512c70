/* Command lines. Nothing in here asks the system, so that it can be tested anywhere. */
#ifndef FOOTFALL_PLAT_WIN_COMMAND_H
#define FOOTFALL_PLAT_WIN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#define COMMAND_LINE_MAX 32767 /* units, with the NUL: Windows' own limit */

/* Begins as all zeros. */
struct command_line {
    size_t len;
    bool full; /* it did not fit: not to be used */
    wchar_t text[COMMAND_LINE_MAX + 1];
};

/* Adds an argument, so that the new program finds it as it is. */
void command_line_add(struct command_line *line, const wchar_t *arg);

/* Writes the line with which cmd.exe runs a batch file; args ends with NULL. False: an argument
 * holds a line break, which a batch file cannot be given. */
bool command_line_batch(struct command_line *line, const wchar_t *script, wchar_t *const *args);

#endif

/* What the Windows files share with each other. Included by plat_win*.c and trust_win.c alone. */
#ifndef FOOTFALL_PLAT_WIN_H
#define FOOTFALL_PLAT_WIN_H

#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "plat.h"

/* Handles live in the long members of plat.h's structs: Windows promises that 32 bits of a handle
 * are enough (HandleToLong, LongToHandle). */

#define WIN_PATH_MAX 1024 /* UTF-16 units, with the NUL */

/* Both end what they write with a NUL; false: it does not fit. What is no valid UTF-16 (or UTF-8)
 * becomes a replacement character. size: units of out. */
bool win_wide(const char *utf8, wchar_t *out, size_t size);
bool win_narrow(const wchar_t *wide, char *out, size_t size);

/* The value of an environment variable that names a folder, without a backslash at its end.
 * False: not set, not absolute, or nothing but a drive. */
bool win_folder_variable(const wchar_t *name, wchar_t out[WIN_PATH_MAX]);

/* True for the errors that mean there is nothing by that name; after any other nobody can tell. */
bool win_means_absent(DWORD error);

/* Standard streams go to the null device; the handles that were there are closed. */
void win_null_streams(void);

/* Gives the stack's canary a value that nobody can know. The functions that are under way have not
 * got it: whoever calls this must be NO_CANARY too. */
#define NO_CANARY __attribute__((no_stack_protector))
void win_draw_canary(void);

/* As the one argument: the program is to fetch a job from its standard input and do it. No
 * command's name begins with a colon. */
#define WIN_JOB_ARGUMENT L":job"
void win_run_job(void);

#endif

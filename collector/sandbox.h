/* Giving up power: root after binding, and then whatever a collector never needs. */
#ifndef FOOTFALL_SANDBOX_H
#define FOOTFALL_SANDBOX_H

#include <stdbool.h>

#include "config.h"

/* When root: becomes `user`, or with "" the owner of the folder that holds `file`. Where that is
 * root too, it becomes nobody, and root's only for the file system (whose owner may write there),
 * without any capability, and says so in a warning. Before there are threads. False with a message
 * when it cannot. */
__attribute__((warn_unused_result)) bool sandbox_drop_root(const char *user, const char *file,
                                                           char message[CONFIG_MESSAGE_MAX]);

/* Where the system offers it: writing only below the folder of `file`, no new programs, none of the
 * system calls that administer a machine. For this thread and those it starts. */
void sandbox_enter(const char *file);

#endif

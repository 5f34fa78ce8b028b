/* SPDX-License-Identifier: MIT
 * fault_kit - lets one chosen call below the code under test fail. The linker's --wrap puts it
 * there.
 */
#ifndef FAULT_KIT_H
#define FAULT_KIT_H

#include <stdbool.h>

#include "base/err.h"

enum fault_call {
    FAULT_MEMORY, /* malloc, calloc, realloc, reallocarray, strdup */
    FAULT_FACCESSAT,
    FAULT_FSTAT,
    FAULT_FSTATAT,
    FAULT_GETRANDOM,
    FAULT_LINKAT,
    FAULT_OPENAT,
    FAULT_PREAD,
    FAULT_READ,
    FAULT_SPAWN,   /* posix_spawn and what prepares it: those return the error */
    FAULT_TMPFILE, /* openat of a file without a name, which is no FAULT_OPENAT */
    FAULT_UNLINKAT
};

/* The nth such call from now on, in whatever thread, is not made and fails with `error`. nth is 1
 * or more; only one call can be armed at a time. */
void fault_arm(enum fault_call call, unsigned nth, int error);
/* Whether it came about. */
bool fault_disarm(void);

/* Lets each such call of `act` fail in turn, for which `act` must return `expected`, and at last
 * none, for which it must succeed. At least one call must have been there. */
typedef enum status (*fault_act)(void *context, struct err *err);
void fault_each(enum fault_call call, int error, enum status expected, fault_act act,
                void *context);

/* What readlink says of /proc/self/exe. NULL: as it is. Empty, as it is at first, so that no test
 * depends on where it was built: there is no /proc. */
extern const char *fault_program;

#endif

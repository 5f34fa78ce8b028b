/* SPDX-License-Identifier: MIT
 * once - files that appear whole and durable, or not at all.
 */
#ifndef STORE_SPOOL_ONCE_H
#define STORE_SPOOL_ONCE_H

#include <stddef.h>
#include <stdint.h>

enum once {
    ONCE_NEW,    /* link(2): an existing name is left alone, errno EEXIST */
    ONCE_REPLACE /* rename(2) */
};

/* Makes dir/name of `bytes`, followed by a hole up to `size` bytes in all: writes dir/tmp, syncs
 * it, gives it its name, syncs the directory. Returns 0, or -1 with errno. Two callers must not use
 * one `tmp` at the same time. */
int once_make(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
              uint64_t size, enum once how);

#endif

/* SPDX-License-Identifier: MIT
 * recover - what is done when a hint is missing, damaged or of another boot, or a file is not where
 * it should be.
 *
 * The cure is always the same: sync and judge the last segment, begin a new one, and store the
 * state. At most one segment is read; the index is completed afterwards, newest segment first.
 */
#ifndef STORE_JOURNAL_RECOVER_H
#define STORE_JOURNAL_RECOVER_H

#include "store/journal/live.h"

/* Called under the append lock. */
enum status recover_run(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;

#endif

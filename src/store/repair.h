/* SPDX-License-Identifier: MIT
 * repair - makes anew what is derived from the journal and the results log, whatever it says now:
 * the index of keys, and what is known of the hooks of each endpoint.
 *
 * Beside gateways: until the index is whole again they go by what a sender may still retry, as
 * after a reboot. No runner may be at work. A repair that is cut off is run again.
 */
#ifndef STORE_REPAIR_H
#define STORE_REPAIR_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

/* STATUS_DEADLINE: a runner did not end within REPAIR_WAIT_NS, and nothing is changed; or whoever
 * is at work on the index did not, and the index is as it was. */
#define REPAIR_WAIT_NS (10 * NS_PER_S)
enum status repair_run(const struct spool *spool, const struct journal_options *options,
                       int64_t now_ns, journal_tell tell, void *context,
                       struct err *err) STATUS_CHECKED;

#endif

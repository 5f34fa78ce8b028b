/* SPDX-License-Identifier: MIT
 * repair - rebuilds what is derived from the journal and the results log: the index of keys, and
 * the state of the hooks of each endpoint.
 *
 * Gateways may go on: until the index is whole they look up only what a sender may still retry, as
 * after a reboot. No runner may be at work. An interrupted repair is run again.
 */
#ifndef STORE_REPAIR_H
#define STORE_REPAIR_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

/* STATUS_DEADLINE: within REPAIR_WAIT_NS the runner did not end, and nothing is changed; or another
 * process did not end its work on the index, which is as it was. */
#define REPAIR_WAIT_NS (10 * NS_PER_S)
enum status repair_run(const struct spool *spool, const struct journal_options *options,
                       int64_t now_ns, journal_tell tell, void *context,
                       struct err *err) STATUS_CHECKED;

#endif

/* SPDX-License-Identifier: MIT
 * quarantine_tidy - see store/boxes/quarantine_tidy.h.
 */
#include "store/boxes/quarantine_tidy.h"

#include "base/clock.h"
#include "store/boxes/box.h"
#include "store/boxes/quarantine_counts.h"

void quarantine_tidy(const struct spool *spool, uint64_t keep_s, int64_t now_ns)
{
    struct spool_amount gone;

    if (!quarantine_claim_sweep(spool, now_ns))
        return;
    if (keep_s != 0 && keep_s < (uint64_t)(now_ns / NS_PER_S))
        (void)!box_expire_some(spool, BOX_QUARANTINED, now_ns - (int64_t)keep_s * NS_PER_S,
                               QUARANTINE_EXPIRE_MAX, &gone, NULL);
    quarantine_recount(spool);
}

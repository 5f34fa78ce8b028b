/* SPDX-License-Identifier: MIT
 * reserve - see store/spool/reserve.h.
 */
#include "store/spool/reserve.h"

#include <inttypes.h>

static uint64_t share_of(uint64_t all, unsigned percent, uint64_t least, uint64_t most)
{
    uint64_t share = all / 100 * percent;

    if (share > most)
        share = most;
    return share > least ? share : least;
}

struct reserve reserve_of(const struct reserve_rule *rule, const struct file_space *space)
{
    struct reserve r = {0, 0};

    if (rule->bytes == 0)
        return r;
    r.bytes = share_of(space->bytes_all, rule->percent, rule->bytes, RESERVE_BYTES_MOST);
    if (space->inodes_all > 0)
        r.inodes = share_of(space->inodes_all, rule->percent, RESERVE_INODES, RESERVE_INODES_MOST);
    return r;
}

enum status reserve_check(int fd, const struct reserve_rule *rule, unsigned times, uint64_t len,
                          struct err *err)
{
    struct file_space space;
    struct reserve r;

    if (rule->bytes == 0)
        return STATUS_OK;
    if (file_free_space(fd, &space) < 0)
        return err_errno(err, "cannot tell how much space is free");
    r = reserve_of(rule, &space);
    if (space.bytes < len || space.bytes - len < times * r.bytes)
        return err_set(err, STATUS_NO_SPACE,
                       "only %" PRIu64 " bytes are free, and %" PRIu64 " are kept in reserve",
                       space.bytes, times * r.bytes);
    if (space.inodes < times * r.inodes)
        return err_set(err, STATUS_NO_SPACE,
                       "only %" PRIu64 " inodes (files) are free, and %" PRIu64
                       " are kept in reserve",
                       space.inodes, times * r.inodes);
    return STATUS_OK;
}

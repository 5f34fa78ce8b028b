/* SPDX-License-Identifier: MIT
 * commit - see store/journal/commit.h.
 */
#include "store/journal/commit.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/segment.h"

#define SLEEP_MIN_NS 100000
#define SLEEP_MAX_NS (2 * NS_PER_MS)

/* The segment is not the live one any more: what its successor's header grants was synced by the
 * rotation, or before its sync failed. */
static enum status check_left(const struct journal *j, struct place end, struct err *err)
{
    uint64_t limit;
    enum status status = segment_limit(j->spool, end.segment, &limit, err);

    if (status != STATUS_OK)
        return status;
    if (limit == UINT64_MAX)
        return err_set(err, STATUS_CORRUPT, "no segment says how much of %08" PRIu32 " counts",
                       end.segment);
    if (end.offset > limit)
        return err_set(err, STATUS_POISONED,
                       "the segment %08" PRIu32 " was given up before it was synced", end.segment);
    return STATUS_OK;
}

/* STATUS_OK and *durable false: not yet. */
static enum status check_place(const struct journal *j, struct place end,
                               const struct commit_word *word, bool *durable, struct err *err)
{
    *durable = true;
    if (word->durable.segment > end.segment)
        return check_left(j, end, err);
    if (word->durable.segment < end.segment)
        return err_set(err, STATUS_CORRUPT, "the commit word is behind the live segment");
    if (word->durable.offset >= end.offset)
        return STATUS_OK;
    if (word->poisoned == end.segment)
        return err_set(err, STATUS_POISONED, "the segment %08" PRIu32 " could not be synced",
                       end.segment);
    *durable = false;
    return STATUS_OK;
}

/* After a failed sync the kernel may take the pages for clean, and a later sync may succeed without
 * them. So nothing after the durable end of this segment may ever be trusted. */
static enum status poison_segment(const struct journal *j, struct commit_word *word,
                                  struct err *err)
{
    enum status status =
        err_errno(err, "cannot sync the segment %08" PRIu32, word->durable.segment);

    word->poisoned = word->durable.segment;
    (void)!commit_word_write(j->commit, word, NULL);
    return status;
}

/* Under the commit lock. */
static enum status sync_segment(const struct journal *j, struct place end, struct commit_word *word,
                                struct err *err)
{
    struct stat sb;

    if (fstat(j->segment_fd, &sb) != 0)
        return err_errno(err, "cannot look at the segment %08" PRIu32, end.segment);
    /* The sync covers all that was appended until now; we never shrink a segment. */
    if ((uint64_t)sb.st_size < end.offset || (uint64_t)sb.st_size < word->durable.offset)
        return err_set(err, STATUS_CORRUPT, "the segment %08" PRIu32 " was cut off", end.segment);
    if (file_datasync(j->segment_fd) != 0)
        return poison_segment(j, word, err);
    word->durable.offset = (uint64_t)sb.st_size;
    return commit_word_write(j->commit, word, err);
}

static enum status sync_for_processes(const struct journal *j, struct place end,
                                      struct commit_word *word, struct err *err)
{
    enum status status;
    bool durable;

    if (!commit_word_read(j->commit, word))
        return err_set(err, STATUS_CORRUPT, "the commit word is damaged");
    status = check_place(j, end, word, &durable, err);
    if (status != STATUS_OK || durable)
        return status;
    if (j->segment != end.segment || j->segment_fd < 0)
        return err_set(err, STATUS_CORRUPT, "the segment %08" PRIu32 " is not open", end.segment);
    return sync_segment(j, end, word, err);
}

enum status commit_wait(const struct journal *j, struct place end, uint64_t deadline_ns,
                        struct err *err)
{
    struct commit_word word;
    uint64_t sleep_ns = SLEEP_MIN_NS;

    for (;;) {
        enum status status;
        bool durable;

        /* A word that is half written is read again; one that stays so is the leader's to report.
         */
        if (commit_word_read(j->commit, &word)) {
            status = check_place(j, end, &word, &durable, err);
            if (status != STATUS_OK || durable)
                return status;
        }
        if (file_trylock(j->commit) == 0) {
            status = sync_for_processes(j, end, &word, err);
            file_unlock(j->commit);
            return status;
        }
        if (errno != EWOULDBLOCK)
            return err_errno(err, "cannot take the commit lock");
        if (clock_mono_ns() >= deadline_ns)
            return err_set(err, STATUS_DEADLINE,
                           "no time left to wait for the sync of the journal");
        clock_sleep_ns(sleep_ns);
        sleep_ns = sleep_ns * 2 > SLEEP_MAX_NS ? SLEEP_MAX_NS : sleep_ns * 2;
    }
}

/* SPDX-License-Identifier: MIT
 * commit - one sync for many processes: who leads it, who waits for it, and what its failure means.
 *
 * The commit lock chooses the leader; the others sleep shortly and read the word again. A follower
 * never queues on the lock: the process that has just let it go would mostly get it again.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/journal_parts.h"

#define SLEEP_MIN_NS 100000
#define SLEEP_MAX_NS (2 * NS_PER_MS)

enum look { LOOK_DURABLE, LOOK_NOT_YET, LOOK_FAILED };

/* The segment was left: what its successor's header grants was synced by the rotation, or before
 * its sync failed. */
static enum look look_left(const struct journal *j, struct place end, enum status *why,
                           struct err *err)
{
    uint64_t limit;

    *why = segment_limit(j->spool, end.segment, &limit, err);
    if (*why != STATUS_OK)
        return LOOK_FAILED;
    if (limit == UINT64_MAX) {
        *why = err_set(err, STATUS_CORRUPT, "no segment tells how much of %08" PRIu32 " counts",
                       end.segment);
        return LOOK_FAILED;
    }
    if (end.offset <= limit)
        return LOOK_DURABLE;
    *why = err_set(err, STATUS_POISONED,
                   "the segment %08" PRIu32 " was given up before it was synced", end.segment);
    return LOOK_FAILED;
}

static enum look look(const struct journal *j, struct place end, const struct commit_word *word,
                      enum status *why, struct err *err)
{
    if (word->durable.segment > end.segment)
        return look_left(j, end, why, err);
    if (word->durable.segment < end.segment) {
        *why = err_set(err, STATUS_CORRUPT, "the commit word is behind the live segment");
        return LOOK_FAILED;
    }
    if (word->durable.offset >= end.offset)
        return LOOK_DURABLE;
    if (word->poisoned == end.segment) {
        *why = err_set(err, STATUS_POISONED, "the segment %08" PRIu32 " could not be synced",
                       end.segment);
        return LOOK_FAILED;
    }
    return LOOK_NOT_YET;
}

/* After a failed sync the kernel may hold the pages for clean, and a later sync of another
 * descriptor succeed without them: nobody may ever trust this segment behind its durable end again.
 */
static enum status poison(const struct journal *j, struct commit_word *word, struct err *err)
{
    enum status status =
        err_errno(err, "cannot sync the segment %08" PRIu32, word->durable.segment);

    word->poisoned = word->durable.segment;
    (void)!commit_write(j->commit, word, NULL);
    return status;
}

/* Under the commit lock. */
static enum status sync_and_tell(const struct journal *j, struct place end,
                                 struct commit_word *word, struct err *err)
{
    struct stat sb;

    if (fstat(j->segment_fd, &sb) != 0)
        return err_errno(err, "cannot look at the segment %08" PRIu32, end.segment);
    /* What was appended until now is covered by the sync; a segment that shrank was not changed by
     * us. */
    if ((uint64_t)sb.st_size < end.offset || (uint64_t)sb.st_size < word->durable.offset)
        return err_set(err, STATUS_CORRUPT, "the segment %08" PRIu32 " was cut off", end.segment);
    if (file_datasync(j->segment_fd) != 0)
        return poison(j, word, err);
    word->durable.offset = (uint64_t)sb.st_size;
    return commit_write(j->commit, word, err);
}

static enum status lead(const struct journal *j, struct place end, struct commit_word *word,
                        struct err *err)
{
    enum status status = STATUS_OK;

    if (!commit_read(j->commit, word))
        return err_set(err, STATUS_CORRUPT, "the commit word is damaged");
    switch (look(j, end, word, &status, err)) {
    case LOOK_DURABLE:
        return STATUS_OK;
    case LOOK_FAILED:
        return status;
    case LOOK_NOT_YET:
        break;
    }
    if (j->segment != end.segment || j->segment_fd < 0)
        return err_set(err, STATUS_CORRUPT, "the segment %08" PRIu32 " is not open", end.segment);
    return sync_and_tell(j, end, word, err);
}

enum status commit_wait(const struct journal *j, struct place end, uint64_t deadline_ns,
                        struct err *err)
{
    struct commit_word word;
    uint64_t sleep_ns = SLEEP_MIN_NS;

    for (;;) {
        enum status status = STATUS_OK;

        /* A word that is half written is read again; one that stays so is told by the leader. */
        if (commit_read(j->commit, &word)) {
            enum look seen = look(j, end, &word, &status, err);

            if (seen != LOOK_NOT_YET)
                return seen == LOOK_DURABLE ? STATUS_OK : status;
        }
        if (file_trylock(j->commit) == 0) {
            status = lead(j, end, &word, err);
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

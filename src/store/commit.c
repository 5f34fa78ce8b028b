/* SPDX-License-Identifier: MIT
 * commit - one sync for many: who leads it, who waits for it, and what its failure means.
 *
 * Between processes the commit lock chooses the leader; the others sleep shortly and read the word
 * again. A follower never queues on the lock: the process that has just let it go would mostly get
 * it again. Between the threads of one process one leads and the others wait on a condition.
 */
#include "base/clock.h"
#include "base/file.h"
#include "store/journal_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define SLEEP_MIN_NS 100000
#define SLEEP_MAX_NS 2000000

struct journal_group {
    pthread_mutex_t mutex; /* of all that follows; never held over a system call that can wait */
    pthread_cond_t turn_free;
    pthread_cond_t sync_over;
    bool turn_taken; /* a thread of this process holds, or is about to take, the append lock */
    bool leading;    /* a thread of this process sees to the next sync */
    struct place durable;
};

/* ---- the group */

static int make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attr;
    int rc = pthread_condattr_init(&attr);

    if (rc != 0)
        return rc;
    /* Deadlines are of the monotonic clock: a step of the wall clock must not end or prolong a
     * wait. */
    rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
    return rc;
}

enum status journal_group_make(struct journal_group **out, struct err *err)
{
    struct journal_group *group = calloc(1, sizeof *group);

    if (group == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the journal's group");
    if (pthread_mutex_init(&group->mutex, NULL) != 0)
        goto no_mutex;
    if (make_condition(&group->turn_free) != 0)
        goto no_turn;
    if (make_condition(&group->sync_over) != 0)
        goto no_sync;
    *out = group;
    return STATUS_OK;
no_sync:
    pthread_cond_destroy(&group->turn_free);
no_turn:
    pthread_mutex_destroy(&group->mutex);
no_mutex:
    free(group);
    return err_set(err, STATUS_MEMORY, "no means for threads to wait");
}

void journal_group_free(struct journal_group *group)
{
    if (group == NULL)
        return;
    pthread_cond_destroy(&group->sync_over);
    pthread_cond_destroy(&group->turn_free);
    pthread_mutex_destroy(&group->mutex);
    free(group);
}

/* false: time is up. */
static bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    const struct timespec until = {.tv_sec = (time_t)(deadline_ns / 1000000000),
                                   .tv_nsec = (long)(deadline_ns % 1000000000)};

    return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}

enum status commit_turn_take(struct journal_group *group, uint64_t deadline_ns, struct err *err)
{
    bool in_time = true;

    if (group == NULL)
        return STATUS_OK;
    pthread_mutex_lock(&group->mutex);
    while (group->turn_taken && in_time)
        in_time = wait_until(&group->turn_free, &group->mutex, deadline_ns);
    if (!group->turn_taken)
        group->turn_taken = in_time = true;
    pthread_mutex_unlock(&group->mutex);
    return in_time ? STATUS_OK
                   : err_set(err, STATUS_DEADLINE, "other requests held the journal for too long");
}

void commit_turn_give(struct journal_group *group)
{
    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    group->turn_taken = false;
    pthread_cond_signal(&group->turn_free);
    pthread_mutex_unlock(&group->mutex);
}

/* ---- between processes */

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

/* On success *word holds what was durable. */
static enum status commit_shared(const struct journal *j, struct place end, uint64_t deadline_ns,
                                 struct commit_word *word, struct err *err)
{
    uint64_t sleep_ns = SLEEP_MIN_NS;

    for (;;) {
        enum status status = STATUS_OK;

        /* A word that is half written is read again; one that stays so is told by the leader. */
        if (commit_read(j->commit, word)) {
            enum look seen = look(j, end, word, &status, err);

            if (seen != LOOK_NOT_YET)
                return seen == LOOK_DURABLE ? STATUS_OK : status;
        }
        if (file_trylock(j->commit) == 0) {
            status = lead(j, end, word, err);
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

/* ---- both */

static bool covers(struct place durable, struct place end)
{
    return durable.segment == end.segment && durable.offset >= end.offset;
}

enum status commit_wait(struct journal *j, struct place end, uint64_t deadline_ns, struct err *err)
{
    struct journal_group *group = j->group;
    struct commit_word word;
    enum status status;
    bool in_time = true;
    bool durable;

    if (group == NULL)
        return commit_shared(j, end, deadline_ns, &word, err);
    pthread_mutex_lock(&group->mutex);
    while (!(durable = covers(group->durable, end)) && group->leading && in_time)
        in_time = wait_until(&group->sync_over, &group->mutex, deadline_ns);
    if (durable || group->leading) {
        pthread_mutex_unlock(&group->mutex);
        return durable ? STATUS_OK
                       : err_set(err, STATUS_DEADLINE,
                                 "no time left to wait for the sync of the journal");
    }
    group->leading = true;
    pthread_mutex_unlock(&group->mutex);

    status = commit_shared(j, end, deadline_ns, &word, err);

    pthread_mutex_lock(&group->mutex);
    group->leading = false;
    /* Followers of a sync that failed look for themselves, and find the poison. */
    if (status == STATUS_OK && place_pack(word.durable) > place_pack(group->durable))
        group->durable = word.durable;
    pthread_cond_broadcast(&group->sync_over);
    pthread_mutex_unlock(&group->mutex);
    return status;
}

/* SPDX-License-Identifier: MIT
 * group - the threads of one process append together.
 *
 * Each thread puts its append in a queue and waits. One of them leads: it takes what is queued,
 * appends it all under one hold of the append lock, syncs once, and tells the others how theirs
 * ended. What is queued meanwhile is the next batch, and the first of it the next leader. So an
 * append costs its thread one wait and one wake-up, whatever the number of threads; with a lock to
 * append and a lock to sync it was six.
 *
 * An append belongs to its leader from the moment it is taken until its line is written. A thread
 * whose time is up before or after that leaves with STATUS_DEADLINE; in between it has to stay,
 * which takes no longer than the leader's own deadline.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "store/journal/journal_parts.h"

enum stage {
    STAGE_IDLE,    /* no append, or its thread has left */
    STAGE_QUEUED,  /* waits to be taken */
    STAGE_LEADS,   /* still in the queue, and its thread is to lead */
    STAGE_TAKEN,   /* the leader reads and writes `append` */
    STAGE_WRITTEN, /* waits for the sync */
    STAGE_ENDED    /* append->status tells how */
};

struct journal_seat {
    struct journal_seat *next; /* in the queue, or among the free ones */
    struct journal_seat *all;
    struct append *append;
    enum stage stage;
    bool late; /* time is up, and the thread leaves as soon as its line is written */
    pthread_cond_t told;
};

struct journal_group {
    pthread_mutex_t mutex; /* of all that follows and of every seat; never held over a system call
                              that can wait */
    struct journal_seat *first, *last; /* the queue */
    struct journal_seat *free, *all;
    bool led;
};

struct batch {
    size_t count;
    struct journal_seat *seats[GROUP_BATCH_MAX];
    struct append *appends[GROUP_BATCH_MAX];
};

/* ---- group and seats */

enum status journal_group_make(struct journal_group **out, struct err *err)
{
    struct journal_group *group = calloc(1, sizeof *group);

    if (group == NULL || pthread_mutex_init(&group->mutex, NULL) != 0) {
        free(group);
        return err_set(err, STATUS_MEMORY, "no memory for the journal's group");
    }
    *out = group;
    return STATUS_OK;
}

void journal_group_free(struct journal_group *group)
{
    if (group == NULL)
        return;
    while (group->all != NULL) {
        struct journal_seat *seat = group->all;

        group->all = seat->all;
        pthread_cond_destroy(&seat->told);
        free(seat);
    }
    pthread_mutex_destroy(&group->mutex);
    free(group);
}

/* Deadlines are of the monotonic clock: a step of the wall clock must not end or prolong a wait. */
static int make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attr;
    int rc = pthread_condattr_init(&attr);

    if (rc != 0)
        return rc;
    rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
    return rc;
}

enum status group_sit(struct journal_group *group, struct journal_seat **out, struct err *err)
{
    struct journal_seat *seat;

    pthread_mutex_lock(&group->mutex);
    seat = group->free;
    if (seat != NULL)
        group->free = seat->next;
    pthread_mutex_unlock(&group->mutex);
    if (seat != NULL) {
        *out = seat;
        return STATUS_OK;
    }
    seat = calloc(1, sizeof *seat);
    if (seat == NULL || make_condition(&seat->told) != 0) {
        free(seat);
        return err_set(err, STATUS_MEMORY, "no means for a thread to wait");
    }
    pthread_mutex_lock(&group->mutex);
    seat->all = group->all;
    group->all = seat;
    pthread_mutex_unlock(&group->mutex);
    *out = seat;
    return STATUS_OK;
}

/* Seats live as long as the group: a leader may still be about to signal one whose thread has gone.
 */
void group_rise(struct journal_group *group, struct journal_seat *seat)
{
    if (seat == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    seat->next = group->free;
    group->free = seat;
    pthread_mutex_unlock(&group->mutex);
}

/* ---- queue; the mutex is held */

static void enqueue(struct journal_group *group, struct journal_seat *seat)
{
    seat->next = NULL;
    if (group->first == NULL)
        group->first = seat;
    else
        group->last->next = seat;
    group->last = seat;
}

static void dequeue(struct journal_group *group, const struct journal_seat *seat)
{
    struct journal_seat *before = NULL;

    for (struct journal_seat *s = group->first; s != seat; s = s->next)
        before = s;
    if (before == NULL)
        group->first = seat->next;
    else
        before->next = seat->next;
    if (group->last == seat)
        group->last = before;
}

static void take(struct journal_group *group, struct batch *batch)
{
    batch->count = 0;
    while (group->first != NULL && batch->count < GROUP_BATCH_MAX) {
        struct journal_seat *seat = group->first;

        group->first = seat->next;
        seat->stage = STAGE_TAKEN;
        batch->seats[batch->count] = seat;
        batch->appends[batch->count++] = seat->append;
    }
    if (group->first == NULL)
        group->last = NULL;
}

/* Whoever has waited longest leads the next batch. */
static struct journal_seat *appoint(struct journal_group *group)
{
    group->led = group->first != NULL;
    if (group->first != NULL)
        group->first->stage = STAGE_LEADS;
    return group->first;
}

/* ---- leader */

/* From here on a thread may leave when its time is up: a disk that hangs holds the leader only. */
static void tell_written(struct journal_group *group, const struct batch *batch)
{
    pthread_mutex_lock(&group->mutex);
    for (size_t i = 0; i < batch->count; i++) {
        batch->seats[i]->stage = STAGE_WRITTEN;
        if (batch->seats[i]->late)
            pthread_cond_signal(&batch->seats[i]->told);
    }
    pthread_mutex_unlock(&group->mutex);
}

/* Signals after the mutex is free: those who wake would only wait for it again. */
static void tell_ended(struct journal_group *group, const struct batch *batch, enum status synced,
                       const struct err *why)
{
    struct journal_seat *leader;

    pthread_mutex_lock(&group->mutex);
    for (size_t i = 0; i < batch->count; i++) {
        struct journal_seat *seat = batch->seats[i];

        /* Left; and what its thread may have queued since then nobody has taken. */
        if (seat->stage != STAGE_WRITTEN)
            continue;
        append_end(seat->append, synced, why);
        seat->stage = STAGE_ENDED;
    }
    leader = appoint(group);
    pthread_mutex_unlock(&group->mutex);
    if (leader != NULL)
        pthread_cond_signal(&leader->told);
    for (size_t i = 0; i < batch->count; i++)
        pthread_cond_signal(&batch->seats[i]->told);
}

static void lead(struct journal *j, uint64_t deadline_ns)
{
    struct journal_group *group = j->group;
    struct err why = ERR_INIT;
    struct batch batch;
    struct place end;
    enum status synced = STATUS_OK;

    pthread_mutex_lock(&group->mutex);
    take(group, &batch);
    pthread_mutex_unlock(&group->mutex);
    end = append_all(j, batch.appends, batch.count, deadline_ns);
    tell_written(group, &batch);
    if (end.segment != 0)
        synced = commit_wait(j, end, deadline_ns, &why);
    tell_ended(group, &batch, synced, &why);
}

/* ---- follower */

/* false: time is up. */
static bool wait_until(struct journal_group *group, struct journal_seat *seat, uint64_t deadline_ns)
{
    const struct timespec until = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                                   .tv_nsec = (long)(deadline_ns % NS_PER_S)};

    return pthread_cond_timedwait(&seat->told, &group->mutex, &until) != ETIMEDOUT;
}

/* The mutex is held. Until the append has ended, its thread is to lead, or time is up. */
static void wait_for_news(struct journal_group *group, struct journal_seat *seat,
                          uint64_t deadline_ns)
{
    while (seat->stage != STAGE_ENDED && seat->stage != STAGE_LEADS) {
        if (!seat->late)
            seat->late = !wait_until(group, seat, deadline_ns);
        else if (seat->stage == STAGE_TAKEN)
            pthread_cond_wait(&seat->told, &group->mutex);
        else
            break;
    }
}

void group_append(struct journal *j, struct append *append)
{
    struct journal_group *group = j->group;
    struct journal_seat *seat = j->seat;

    pthread_mutex_lock(&group->mutex);
    seat->append = append;
    seat->stage = STAGE_QUEUED;
    seat->late = false;
    enqueue(group, seat);
    if (!group->led)
        (void)appoint(group);
    wait_for_news(group, seat, append->deadline_ns);
    if (seat->stage == STAGE_LEADS) {
        pthread_mutex_unlock(&group->mutex);
        lead(j, append->deadline_ns);
        pthread_mutex_lock(&group->mutex);
    }
    if (seat->stage == STAGE_QUEUED)
        dequeue(group, seat);
    if (seat->stage != STAGE_ENDED)
        append->status = err_set(&append->err, STATUS_DEADLINE,
                                 "no time left to wait for the sync of the journal");
    seat->stage = STAGE_IDLE;
    pthread_mutex_unlock(&group->mutex);
}

/* SPDX-License-Identifier: MIT
 * group - see store/journal/group.h.
 */
#include "store/journal/group.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "store/journal/append.h"

enum stage {
    STAGE_IDLE,    /* no append, or its thread has left */
    STAGE_QUEUED,  /* waits to be taken */
    STAGE_LEADS,   /* still in the queue, and its thread is to lead */
    STAGE_TAKEN,   /* the leader reads and writes `append` */
    STAGE_WRITTEN, /* waits for the sync */
    STAGE_ENDED    /* `append` has its outcome */
};

struct journal_seat {
    struct journal_seat *next; /* in the queue, or among the free ones */
    struct journal_seat *all;
    struct append *append;
    enum stage stage;
    bool late; /* time is up: the thread leaves as soon as its line is written */
    pthread_cond_t news;
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
    struct journal_seat *seats[APPEND_BATCH_MAX];
    struct append *appends[APPEND_BATCH_MAX];
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
        pthread_cond_destroy(&seat->news);
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
    if (seat == NULL || make_condition(&seat->news) != 0) {
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

static void enqueue_seat(struct journal_group *group, struct journal_seat *seat)
{
    seat->next = NULL;
    if (group->first == NULL)
        group->first = seat;
    else
        group->last->next = seat;
    group->last = seat;
}

static void dequeue_seat(struct journal_group *group, const struct journal_seat *seat)
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

static void take_queued(struct journal_group *group, struct batch *batch)
{
    batch->count = 0;
    while (group->first != NULL && batch->count < APPEND_BATCH_MAX) {
        struct journal_seat *seat = group->first;

        group->first = seat->next;
        seat->stage = STAGE_TAKEN;
        batch->seats[batch->count] = seat;
        batch->appends[batch->count++] = seat->append;
    }
    if (group->first == NULL)
        group->last = NULL;
}

/* The thread that has waited longest leads the next batch. */
static struct journal_seat *appoint_leader(struct journal_group *group)
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
            pthread_cond_signal(&batch->seats[i]->news);
    }
    pthread_mutex_unlock(&group->mutex);
}

/* Signals after the mutex is free: threads that wake would only wait for it again. */
static void tell_ended(struct journal_group *group, const struct batch *batch,
                       const struct append *lead)
{
    struct journal_seat *leader;

    pthread_mutex_lock(&group->mutex);
    for (size_t i = 0; i < batch->count; i++) {
        struct journal_seat *seat = batch->seats[i];

        /* Else its thread has left. What it may have queued since is not taken yet. */
        if (seat->stage != STAGE_WRITTEN)
            continue;
        append_end(seat->append, lead);
        seat->stage = STAGE_ENDED;
    }
    leader = appoint_leader(group);
    pthread_mutex_unlock(&group->mutex);
    if (leader != NULL)
        pthread_cond_signal(&leader->news);
    for (size_t i = 0; i < batch->count; i++)
        pthread_cond_signal(&batch->seats[i]->news);
}

static void lead_threads(struct journal *j)
{
    struct journal_group *group = j->group;
    struct batch batch;

    pthread_mutex_lock(&group->mutex);
    take_queued(group, &batch);
    pthread_mutex_unlock(&group->mutex);
    append_write(j, batch.appends, batch.count);
    tell_written(group, &batch);
    append_sync(j);
    tell_ended(group, &batch, j->append);
}

/* ---- follower */

/* false: time is up. */
static bool wait_until(struct journal_group *group, struct journal_seat *seat, uint64_t deadline_ns)
{
    const struct timespec until = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                                   .tv_nsec = (long)(deadline_ns % NS_PER_S)};

    return pthread_cond_timedwait(&seat->news, &group->mutex, &until) != ETIMEDOUT;
}

/* The mutex is held. Until the append has ended, its thread is to lead, or time is up. */
static void wait_for_news(struct journal_group *group, struct journal_seat *seat,
                          uint64_t deadline_ns)
{
    while (seat->stage != STAGE_ENDED && seat->stage != STAGE_LEADS) {
        if (!seat->late)
            seat->late = !wait_until(group, seat, deadline_ns);
        else if (seat->stage == STAGE_TAKEN)
            pthread_cond_wait(&seat->news, &group->mutex);
        else
            break;
    }
}

void group_append(struct journal *j)
{
    struct journal_group *group = j->group;
    struct journal_seat *seat = j->seat;

    pthread_mutex_lock(&group->mutex);
    seat->append = j->append;
    seat->stage = STAGE_QUEUED;
    seat->late = false;
    enqueue_seat(group, seat);
    if (!group->led)
        (void)appoint_leader(group);
    wait_for_news(group, seat, append_deadline(j->append));
    if (seat->stage == STAGE_LEADS) {
        pthread_mutex_unlock(&group->mutex);
        lead_threads(j);
        pthread_mutex_lock(&group->mutex);
    }
    if (seat->stage == STAGE_QUEUED)
        dequeue_seat(group, seat);
    if (seat->stage != STAGE_ENDED)
        append_give_up(j->append);
    seat->stage = STAGE_IDLE;
    pthread_mutex_unlock(&group->mutex);
}

/* SPDX-License-Identifier: MIT
 * writer - opens a journal, appends to it, and finds what was appended (store/journal/journal.h).
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/append.h"
#include "store/journal/commit.h"
#include "store/journal/enter.h"
#include "store/journal/group.h"
#include "store/journal/lookup.h"
#include "store/journal/segment.h"

/* ---- open, close */

static enum status open_hint(const struct journal *j, const char *name, int *fd, struct err *err)
{
    *fd = file_open(j->spool->dir, name, O_RDWR | O_CREAT, 0600);
    if (*fd < 0)
        return err_errno(err, "cannot open %s/%s", j->spool->path, name);
    return STATUS_OK;
}

enum status journal_open(struct journal **out, const struct spool *spool,
                         struct journal_group *group, const struct journal_options *options,
                         struct err *err)
{
    struct journal *j = calloc(1, sizeof *j);
    enum status status;

    if (j == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the journal");
    j->spool = spool;
    j->group = group;
    j->options = *options;
    j->append_lock = j->commit = j->state_fd = j->segment_fd = -1;
    index_init(&j->index, spool);
    buf_init(&j->line, SEGMENT_LINE_MAX);
    clock_boot_id(j->boot);
    status = append_make(&j->append, err);
    if (status == STATUS_OK)
        status = open_hint(j, SPOOL_APPEND_LOCK, &j->append_lock, err);
    if (status == STATUS_OK && group != NULL)
        status = group_sit(group, &j->seat, err);
    if (status == STATUS_OK)
        status = open_hint(j, SPOOL_COMMIT, &j->commit, err);
    if (status == STATUS_OK)
        status = open_hint(j, SPOOL_STATE, &j->state_fd, err);
    if (status == STATUS_OK)
        *out = j;
    else
        journal_close(j);
    return status;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    group_rise(j->group, j->seat);
    file_close(&j->append_lock);
    file_close(&j->commit);
    file_close(&j->state_fd);
    file_close(&j->segment_fd);
    index_close(&j->index);
    append_free(j->append);
    buf_free(&j->line);
    free(j);
}

const struct spool *journal_spool(const struct journal *j)
{
    return j->spool;
}

/* ---- append */

enum status journal_append(struct journal *j, struct str key, struct record_line *line,
                           int64_t now_ns, uint64_t deadline_ns, const struct receipt **out,
                           struct err *err)
{
    append_begin(j->append, key, line, now_ns, deadline_ns);
    if (j->group != NULL) {
        group_append(j);
    } else {
        append_write(j, &j->append, 1);
        append_sync(j);
        append_end(j->append, j->append);
    }
    return append_outcome(j->append, out, err);
}

/* ---- find */

enum status journal_find(struct journal *j, struct str key, int64_t now_ns, uint64_t deadline_ns,
                         bool *found, struct err *err)
{
    uint64_t fingerprint = index_fingerprint(j->spool, key);
    enum status status = enter_begin(j, now_ns, deadline_ns, err);
    struct place place, end = {0, 0};
    bool there = false;

    if (status != STATUS_OK)
        return status;
    j->now_ns = now_ns;
    status = lookup_find(j, key, fingerprint, &there, &place, &end, err);
    enter_end(j, status);
    /* A line whose sync is under way or has failed is not on record. */
    if (status == STATUS_OK && there && end.segment == j->segment)
        status = commit_wait(j, end, deadline_ns, err);
    if (status == STATUS_OK)
        *found = there;
    return status;
}

/* SPDX-License-Identifier: MIT
 * enter - see store/journal/enter.h.
 */
#include "store/journal/enter.h"

#include <fcntl.h>

#include "base/file.h"
#include "store/journal/recover.h"
#include "store/journal/reindex.h"
#include "store/journal/rotate.h"

static enum status open_index(struct journal *j, struct err *err)
{
    enum status status;

    if (j->index.generation != j->state.generation || j->index.count > j->state.tables)
        index_close(&j->index);
    status = index_open(&j->index, j->state.tables, err);
    if (status == STATUS_OK && j->index.generation != j->state.generation)
        return err_set(err, STATUS_CORRUPT, "the state names another index");
    return status;
}

/* STATUS_CORRUPT: something is in doubt. */
static enum status check_hints(struct journal *j, struct err *err)
{
    enum status status;

    j->state_known = false;
    j->ends_clean = false;
    if (!journal_state_read(j->state_fd, &j->state) || !clock_boot_same(j->state.boot, j->boot))
        return err_set(err, STATUS_CORRUPT,
                       "the journal's state is missing, damaged or of another boot");
    if (!commit_word_read(j->commit, &j->word))
        return err_set(err, STATUS_CORRUPT, "the commit word is missing or damaged");
    if (j->word.durable.segment != j->state.segment && j->word.durable.segment != j->state.rotating)
        return err_set(err, STATUS_CORRUPT, "commit word and state name different segments");
    status = live_open_segment(j, err);
    if (status == STATUS_OK)
        status = open_index(j, err);
    j->state_known = status == STATUS_OK;
    return status;
}

enum status enter_begin(struct journal *j, int64_t now_ns, uint64_t deadline_ns, struct err *err)
{
    struct err doubt = ERR_INIT;
    enum status status = live_lock(j->append_lock, deadline_ns, "append",
                                   "other processes held the journal for too long", err);

    if (status != STATUS_OK)
        return status;
    status = check_hints(j, &doubt);
    if (status == STATUS_CORRUPT)
        status = recover_run(j, now_ns, deadline_ns, err);
    else if (status != STATUS_OK)
        err_pass(err, status, &doubt);
    if (status == STATUS_OK && j->state.rotating != 0)
        status = rotate_run(j, now_ns, deadline_ns, err);
    if (status == STATUS_OK && j->state.index_first > j->state.index_need)
        status = reindex_catch_up(j, deadline_ns, err);
    if (status != STATUS_OK)
        enter_end(j, status);
    return status;
}

void enter_end(struct journal *j, enum status so_far)
{
    if (so_far == STATUS_CORRUPT) {
        j->state_known = false;
        (void)!journal_state_forget(j->state_fd, NULL);
    }
    file_unlock(j->append_lock);
}

enum status enter_rebuild(const struct journal *j, uint64_t deadline_ns, int *out, struct err *err)
{
    int fd = file_open(j->spool->dir, SPOOL_REBUILD_LOCK, O_RDWR | O_CREAT, 0600);
    enum status status;

    if (fd < 0)
        return err_errno(err, "cannot open the rebuild lock");
    status = live_lock(fd, deadline_ns, "rebuild",
                       "another process is at work on the index: try again later", err);
    if (status == STATUS_OK)
        *out = fd;
    else
        file_close(&fd);
    return status;
}

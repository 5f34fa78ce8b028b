/* SPDX-License-Identifier: MIT
 * live - the live segment: the lock around it, the checks of the hints that name it, and its
 * replacement.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/journal_parts.h"

#define DAY_NS (86400 * NS_PER_S)
#define NAMES_TRIED 8 /* for a new segment, where files without a sound header hold the names */

uint32_t live_day(int64_t wall_ns)
{
    return wall_ns < 0 ? 0 : (uint32_t)(wall_ns / DAY_NS);
}

enum status live_store_state(struct journal *j, struct err *err)
{
    return state_write(j->state_fd, &j->state, err);
}

/* ---- checks */

enum status live_open_segment(struct journal *j, struct err *err)
{
    enum status status = STATUS_OK;
    struct stat sb;

    if (j->segment != j->state.segment || j->segment_fd < 0) {
        file_close(&j->segment_fd);
        status = segment_open(j->spool, j->state.segment, O_RDWR | O_APPEND, &j->segment_fd, err);
        if (status != STATUS_OK)
            return status == STATUS_MISSING ? STATUS_CORRUPT : status;
        j->segment = j->state.segment;
    }
    if (fstat(j->segment_fd, &sb) != 0)
        return err_errno(err, "cannot look at the live segment");
    /* A descriptor outlives the name: what is appended to a removed file is on no record. */
    if (sb.st_nlink == 0 ||
        (j->word.durable.segment == j->segment && (uint64_t)sb.st_size < j->word.durable.offset)) {
        file_close(&j->segment_fd);
        return err_set(err, STATUS_CORRUPT, "the live segment was removed or cut off");
    }
    j->segment_len = (uint64_t)sb.st_size;
    return STATUS_OK;
}

static enum status open_index(struct journal *j, struct err *err)
{
    enum status status;

    if (j->index.generation != j->state.generation || j->index.count > j->state.tables)
        index_close(&j->index);
    status = index_open(&j->index, j->state.tables, err);
    if (status == STATUS_OK && j->index.generation != j->state.generation)
        return err_set(err, STATUS_CORRUPT, "the index is not the one that the state speaks of");
    return status;
}

/* STATUS_CORRUPT: something is in doubt. */
static enum status check(struct journal *j, struct err *err)
{
    enum status status;

    j->state_known = false;
    j->ends_clean = false;
    if (!state_read(j->state_fd, &j->state) || !clock_boot_same(j->state.boot, j->boot))
        return err_set(err, STATUS_CORRUPT,
                       "the journal's state is absent, damaged or of another boot");
    if (!commit_read(j->commit, &j->word))
        return err_set(err, STATUS_CORRUPT, "the commit word is absent or damaged");
    if (j->word.durable.segment != j->state.segment && j->word.durable.segment != j->state.rotating)
        return err_set(err, STATUS_CORRUPT, "commit word and state name different segments");
    status = live_open_segment(j, err);
    if (status == STATUS_OK)
        status = open_index(j, err);
    j->state_known = status == STATUS_OK;
    return status;
}

/* ---- the lock */

static enum status lock(struct journal *j, uint64_t deadline_ns, struct err *err)
{
    if (file_lock(j->append_lock, deadline_ns) == 0)
        return STATUS_OK;
    if (errno == EWOULDBLOCK)
        return err_set(err, STATUS_DEADLINE, "other processes held the journal for too long");
    return err_errno(err, "cannot lock the journal");
}

void live_leave(struct journal *j, enum status so_far)
{
    if (so_far == STATUS_CORRUPT) {
        j->state_known = false;
        (void)!state_forget(j->state_fd, NULL);
    }
    file_unlock(j->append_lock);
}

enum status live_enter(struct journal *j, int64_t now_ns, uint64_t deadline_ns, struct err *err)
{
    struct err doubt = ERR_INIT;
    enum status status = lock(j, deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    status = check(j, &doubt);
    if (status == STATUS_CORRUPT)
        status = recover_run(j, now_ns, deadline_ns, err);
    else if (status != STATUS_OK)
        err_pass(err, status, &doubt);
    if (status == STATUS_OK && j->state.rotating != 0)
        status = live_rotate(j, now_ns, deadline_ns, err);
    if (status == STATUS_OK && j->state.index_first > j->state.index_need)
        status = rebuild_catch_up(j, deadline_ns, err);
    if (status != STATUS_OK)
        live_leave(j, status);
    return status;
}

/* ---- rotation */

bool live_full(const struct journal *j, uint64_t len, int64_t now_ns)
{
    uint32_t today = live_day(now_ns);

    if (j->word.poisoned == j->segment)
        return true;
    /* A clock that was set back by less than a day must not begin a segment with each correction.
     */
    if (today > j->state.day || today + 1 < j->state.day)
        return true;
    return j->segment_len > SEGMENT_HEADER_MAX && j->segment_len + len > j->options.segment_max;
}

/* Decides how many bytes of the live segment count for good. */
static enum status seal(struct journal *j, uint64_t *valid, struct err *err)
{
    struct commit_word *word = &j->word;

    *valid = word->durable.offset;
    if (word->poisoned == j->segment)
        return STATUS_OK;
    if (file_datasync(j->segment_fd) == 0) {
        word->durable.offset = *valid = j->segment_len;
        return commit_write(j->commit, word, err);
    }
    /* Said before anything else is done: were we killed now, another sync could pass for a good
     * one. */
    word->poisoned = j->segment;
    return commit_write(j->commit, word, err);
}

/* A full disk: as long as no new segment is there, the old one serves on for the retries of what it
 * holds. */
static enum status give_up(struct journal *j, enum status status)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, j->state.rotating);
    if (faccessat(j->spool->log, name, F_OK, 0) != 0 && errno == ENOENT) {
        j->state.rotating = 0;
        (void)!live_store_state(j, NULL);
    }
    return status;
}

/* Makes the segment behind the live one, or takes the one that a rotation before us has made of it.
 */
static enum status make_next(struct journal *j, struct record_header *header, uint64_t *len,
                             struct err *err)
{
    for (unsigned n = 0; n < NAMES_TRIED; n++, header->segment++) {
        struct record_header found;
        enum status status;
        struct stat sb;
        bool taken;

        /* Said before the name appears: nobody may append to the old segment once a header has
         * judged it. */
        j->state.rotating = header->segment;
        status = live_store_state(j, err);
        if (status == STATUS_OK)
            status = segment_make(j->spool, header, len, &taken, err);
        if (status != STATUS_OK)
            return give_up(j, status);
        if (!taken)
            return STATUS_OK;
        if (segment_header(j->spool, header->segment, &found, NULL) == STATUS_OK &&
            found.previous == header->previous) {
            char name[SPOOL_NAME_MAX];

            spool_segment_name(name, header->segment);
            if (fstatat(j->spool->log, name, &sb, 0) != 0 || file_sync_dir(j->spool->log) != 0)
                return err_errno(err, "cannot take over the segment %s", name);
            *header = found;
            *len = (uint64_t)sb.st_size;
            return STATUS_OK;
        }
    }
    return err_set(err, STATUS_CORRUPT,
                   "files that are no segments hold the next names in the journal");
}

/* Under both locks. */
static enum status rotate(struct journal *j, int64_t now_ns, struct err *err)
{
    struct record_header header = {
        .segment = j->state.rotating, .previous = j->state.segment, .created_ns = now_ns};
    enum status status = STATUS_OK;
    uint64_t len;

    if (!commit_read(j->commit, &j->word))
        return err_set(err, STATUS_CORRUPT, "the commit word is damaged");
    if (header.segment == 0)
        header.segment = j->state.segment + 1;
    /* Else the word speaks of the next segment already, which is there then, with its judgement in
     * its header. */
    if (j->word.durable.segment == j->state.segment)
        status = seal(j, &header.previous_valid, err);
    else
        header.previous_valid = j->segment_len;
    if (status != STATUS_OK)
        return status;
    status = make_next(j, &header, &len, err);
    if (status != STATUS_OK)
        return status;
    j->word = (struct commit_word){.durable = {header.segment, len}};
    status = commit_write(j->commit, &j->word, err);
    if (status != STATUS_OK)
        return status;
    j->state.segment = header.segment;
    j->state.day = live_day(header.created_ns);
    j->state.rotating = 0;
    status = live_store_state(j, err);
    return status == STATUS_OK ? live_open_segment(j, err) : status;
}

enum status live_rotate(struct journal *j, int64_t now_ns, uint64_t deadline_ns, struct err *err)
{
    enum status status;

    if (file_lock(j->commit, deadline_ns) != 0)
        return errno == EWOULDBLOCK
                   ? err_set(err, STATUS_DEADLINE, "no time left to begin a new segment")
                   : err_errno(err, "cannot take the commit lock");
    status = rotate(j, now_ns, err);
    file_unlock(j->commit);
    return status;
}

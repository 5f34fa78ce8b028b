/* SPDX-License-Identifier: MIT
 * rotate - see store/journal/rotate.h.
 */
#include "store/journal/rotate.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/journal/segment.h"

#define NAMES_TRIED 8 /* for a new segment, if files without a sound header hold the names */

bool rotate_due(const struct journal *j, uint64_t len, int64_t now_ns)
{
    uint32_t today = live_day(now_ns);

    /* One that failed in the same hold of the lock may have judged the live segment already. */
    if (j->state.rotating != 0 || j->word.poisoned == j->segment)
        return true;
    /* A clock that was set back by less than a day must not begin a segment with each correction.
     */
    if (today > j->state.day || today + 1 < j->state.day)
        return true;
    return j->segment_len > SEGMENT_HEADER_MAX && j->segment_len + len > j->options.segment_max;
}

/* Decides how many bytes of the live segment count for good. */
static enum status seal_live(struct journal *j, uint64_t *valid, struct err *err)
{
    struct commit_word *word = &j->word;

    *valid = word->durable.offset;
    if (word->poisoned == j->segment)
        return STATUS_OK;
    if (file_datasync(j->segment_fd) == 0) {
        word->durable.offset = *valid = j->segment_len;
        return commit_word_write(j->commit, word, err);
    }
    /* Written before anything else is done: after a kill a later sync could seem to have succeeded.
     */
    word->poisoned = j->segment;
    return commit_word_write(j->commit, word, err);
}

/* If the disk is full and there is no new segment, the old one goes on answering retries. */
static enum status give_up_rotation(struct journal *j, enum status status)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, j->state.rotating);
    if (faccessat(j->spool->log, name, F_OK, 0) != 0 && errno == ENOENT) {
        j->state.rotating = 0;
        (void)!live_store_state(j, NULL);
    }
    return status;
}

/* Makes the segment after the live one, or takes over the one that an earlier rotation made of it.
 */
static enum status make_next(struct journal *j, struct record_header *header, uint64_t *len,
                             struct err *err)
{
    for (unsigned n = 0; n < NAMES_TRIED; n++, header->segment++) {
        struct record_header found;
        enum status status;
        struct stat sb;
        bool taken;

        /* Stored before the name appears: once a header has judged the old segment, no process may
         * append to it. */
        j->state.rotating = header->segment;
        status = live_store_state(j, err);
        if (status == STATUS_OK)
            status = segment_make(j->spool, header, len, &taken, err);
        if (status != STATUS_OK)
            return give_up_rotation(j, status);
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

/* Lets the commit word speak of the new segment. What is known of it here changes with the files
 * only: a batch goes on after one of its appends has failed. */
static enum status make_live(struct journal *j, const struct record_header *header, uint64_t len,
                             struct err *err)
{
    const struct commit_word word = {.durable = {header->segment, len}};
    enum status status = commit_word_write(j->commit, &word, err);

    if (status != STATUS_OK)
        return status;
    j->word = word;
    j->state.segment = header->segment;
    j->state.day = live_day(header->created_ns);
    j->state.rotating = 0;
    return STATUS_OK;
}

/* Under both locks. */
static enum status rotate_locked(struct journal *j, int64_t now_ns, struct err *err)
{
    struct record_header header = {
        .segment = j->state.rotating, .previous = j->state.segment, .created_ns = now_ns};
    struct journal_state before;
    enum status status = STATUS_OK;
    uint64_t len;

    if (!commit_word_read(j->commit, &j->word))
        return err_set(err, STATUS_CORRUPT, "the commit word is damaged");
    if (header.segment == 0)
        header.segment = j->state.segment + 1;
    /* Else the word speaks of the next segment, whose header has judged this one already. */
    if (j->word.durable.segment == j->state.segment)
        status = seal_live(j, &header.previous_valid, err);
    else
        header.previous_valid = j->segment_len;
    if (status == STATUS_OK)
        status = make_next(j, &header, &len, err);
    before = j->state;
    if (status == STATUS_OK)
        status = make_live(j, &header, len, err);
    if (status == STATUS_OK)
        status = live_store_state(j, err);
    if (status == STATUS_OK)
        return live_open_segment(j, err);
    j->state = before;
    return status;
}

enum status rotate_run(struct journal *j, int64_t now_ns, uint64_t deadline_ns, struct err *err)
{
    enum status status =
        live_lock(j->commit, deadline_ns, "commit", "no time left to begin a new segment", err);

    if (status != STATUS_OK)
        return status;
    status = rotate_locked(j, now_ns, err);
    file_unlock(j->commit);
    return status;
}

enum status rotate_afresh(struct journal *j, struct record_header header, struct err *err)
{
    for (unsigned n = 0; n < NAMES_TRIED; n++, header.segment++) {
        uint64_t len;
        bool taken;
        enum status status = segment_make(j->spool, &header, &len, &taken, err);

        if (status != STATUS_OK)
            return status;
        if (!taken)
            return make_live(j, &header, len, err);
    }
    return err_set(err, STATUS_CORRUPT,
                   "files that appear in the journal's folder hold its next names");
}

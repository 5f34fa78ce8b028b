/* SPDX-License-Identifier: MIT
 * live - see store/journal/live.h.
 */
#include "store/journal/live.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/segment.h"

#define DURABLE_TRIES 5 /* to read the hints while they are not being written */
#define DURABLE_SLEEP_NS 200000
#define DAY_NS (86400 * NS_PER_S)

enum status live_lock(int fd, uint64_t deadline_ns, const char *name, const char *late,
                      struct err *err)
{
    if (file_lock(fd, deadline_ns) == 0)
        return STATUS_OK;
    if (errno == EWOULDBLOCK)
        return err_set(err, STATUS_DEADLINE, "%s", late);
    return err_errno(err, "cannot take the %s lock", name);
}

uint32_t live_day(int64_t wall_ns)
{
    return wall_ns < 0 ? 0 : (uint32_t)(wall_ns / DAY_NS);
}

enum status live_store_state(struct journal *j, struct err *err)
{
    return journal_state_write(j->state_fd, &j->state, err);
}

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
    if (fstat(j->segment_fd, &sb) != 0) {
        status = err_errno(err, "cannot look at the live segment");
        file_close(&j->segment_fd);
        return status;
    }
    /* A descriptor outlives the name: what is appended to a removed file is on no record. */
    if (sb.st_nlink == 0 ||
        (j->word.durable.segment == j->segment && (uint64_t)sb.st_size < j->word.durable.offset)) {
        file_close(&j->segment_fd);
        return err_set(err, STATUS_CORRUPT, "the live segment was removed or cut off");
    }
    j->segment_len = (uint64_t)sb.st_size;
    return STATUS_OK;
}

enum status journal_durable(const struct spool *spool, struct place *out, struct err *err)
{
    char boot[CLOCK_BOOT_MAX];
    struct commit_word word;
    struct journal_state state;
    bool known = false;
    int state_fd = file_open(spool->dir, SPOOL_STATE, O_RDONLY, 0);
    int commit_fd = file_open(spool->dir, SPOOL_COMMIT, O_RDONLY, 0);

    clock_boot_id(boot);
    /* No lock is held: a hint that is being written may look damaged for a moment. */
    for (unsigned n = 0; n < DURABLE_TRIES && !known && state_fd >= 0 && commit_fd >= 0; n++) {
        if (n > 0)
            clock_sleep_ns(DURABLE_SLEEP_NS);
        known = journal_state_read(state_fd, &state) && commit_word_read(commit_fd, &word);
    }
    file_close(&state_fd);
    file_close(&commit_fd);
    if (!known || !clock_boot_same(state.boot, boot))
        return err_set(err, STATUS_MISSING,
                       "the journal was not recovered since the machine was started");
    *out = word.durable;
    return STATUS_OK;
}

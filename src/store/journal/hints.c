/* SPDX-License-Identifier: MIT
 * hints - see store/journal/hints.h.
 */
#include "store/journal/hints.h"

#include "base/crc32c.h"
#include "base/file.h"

#define STATE_MAGIC UINT64_C(0x3165746174736773) /* "sgstate1" */

bool commit_word_read(int fd, struct commit_word *out)
{
    uint64_t raw[4];

    if (file_pread(fd, raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return false;
    if (raw[0] != ~raw[1] || raw[2] != ~raw[3] || raw[2] > PLACE_SEGMENT_MAX)
        return false;
    out->durable = place_unpack(raw[0]);
    out->poisoned = (uint32_t)raw[2];
    return out->durable.segment != 0;
}

enum status commit_word_write(int fd, const struct commit_word *word, struct err *err)
{
    uint64_t packed = place_pack(word->durable);
    uint64_t raw[4] = {packed, ~packed, word->poisoned, ~(uint64_t)word->poisoned};

    if (file_pwrite(fd, raw, sizeof raw, 0) != 0)
        return err_errno(err, "cannot write the commit word");
    return STATUS_OK;
}

/* On disk, in the byte order of the machine, whose own file it is. */
struct state_raw {
    uint64_t magic;
    struct journal_state state;
    uint32_t zero;
    uint32_t crc; /* of all before */
};
_Static_assert(sizeof(struct state_raw) == 120 && sizeof(struct journal_state) == 104,
               "the state has no padding, whose bytes would be random");

static uint32_t state_crc(const struct state_raw *raw)
{
    return crc32c(0, raw, sizeof *raw - sizeof raw->crc);
}

bool journal_state_read(int fd, struct journal_state *out)
{
    struct state_raw raw;

    if (file_pread(fd, &raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return false;
    if (raw.magic != STATE_MAGIC || raw.crc != state_crc(&raw) ||
        raw.state.boot[CLOCK_BOOT_MAX - 1] != '\0')
        return false;
    if (raw.state.segment == 0 || raw.state.segment > PLACE_SEGMENT_MAX)
        return false;
    *out = raw.state;
    return true;
}

enum status journal_state_write(int fd, const struct journal_state *state, struct err *err)
{
    struct state_raw raw = {.magic = STATE_MAGIC, .state = *state};

    raw.state.boot[CLOCK_BOOT_MAX - 1] = '\0';
    raw.crc = state_crc(&raw);
    if (file_pwrite(fd, &raw, sizeof raw, 0) != 0)
        return err_errno(err, "cannot write the journal's state");
    return STATUS_OK;
}

enum status journal_state_forget(int fd, struct err *err)
{
    const struct state_raw nothing = {0};

    if (file_pwrite(fd, &nothing, sizeof nothing, 0) != 0)
        return err_errno(err, "cannot clear the journal's state");
    return STATUS_OK;
}

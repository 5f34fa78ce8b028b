/* SPDX-License-Identifier: MIT
 * ledger_renew - a log of small lines of JSON: how it is begun, and begun anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "store/journal/segment.h"
#include "store/queue/ledger.h"
#include "store/queue/ledger_parts.h"

#define BLOCK_LEN ((size_t)64 * 1024)

struct renewal {
    const struct spool *spool;
    int dir, fd;
    struct segment_list list;
    const char *tmp;
    ledger_keep keep;
    void *context;
    struct buf block;
};

static enum status write_block(struct renewal *r, struct err *err)
{
    enum status status = buf_status(&r->block, "the beginning of a log", err);

    if (status == STATUS_OK && file_write(r->fd, r->block.ptr, r->block.len) != 0)
        status = err_errno(err, "cannot write to %s/" SPOOL_RESULTS, r->spool->path);
    buf_reset(&r->block, r->block.max);
    return status;
}

static enum status copy_line(void *context, struct place place, struct str line, struct err *err)
{
    struct renewal *r = context;

    (void)place;
    if (!r->keep(r->context, line))
        return STATUS_OK;
    buf_add_str(&r->block, line);
    buf_add_char(&r->block, '\n');
    return r->block.len < BLOCK_LEN ? STATUS_OK : write_block(r, err);
}

static enum status fill_file(struct renewal *r, const struct record_header *header, struct err *err)
{
    enum status status = STATUS_OK;

    record_header_print(&r->block, header);
    if (r->keep != NULL)
        status = ledger_walk(r->spool, LEDGER_RESULTS, (struct place){0, 0}, copy_line, r, NULL,
                             NULL, err);
    if (status == STATUS_OK)
        status = write_block(r, err);
    if (status == STATUS_OK && file_sync(r->fd) != 0)
        status = err_errno(err, "cannot sync %s/" SPOOL_RESULTS, r->spool->path);
    return status;
}

enum status ledger_sync_names(const struct spool *spool, struct err *err)
{
    static const char *const folders[] = {SPOOL_RESULTS, SPOOL_RUN, "."};
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < sizeof folders / sizeof *folders; i++) {
        int fd = file_open(spool->dir, folders[i], O_RDONLY | O_DIRECTORY, 0);

        if (fd < 0 || file_sync_dir(fd) != 0)
            status = err_errno(err, "cannot sync %s/%s", spool->path, folders[i]);
        file_close(&fd);
    }
    return status;
}

/* A link, so that no file of another process is replaced. */
static enum status publish_file(struct renewal *r, uint32_t number, bool *made, struct err *err)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, number);
    *made = linkat(r->dir, r->tmp, r->dir, name, 0) == 0;
    if (!*made && errno != EEXIST)
        return err_errno(err, "cannot make %s/" SPOOL_RESULTS "/%s", r->spool->path, name);
    return ledger_sync_names(r->spool, err);
}

/* What cannot be removed does no harm. */
static void remove_old_files(const struct renewal *r)
{
    for (size_t i = 0; i < r->list.count; i++) {
        char name[SPOOL_NAME_MAX];

        spool_segment_name(name, r->list.numbers[i]);
        (void)unlinkat(r->dir, name, 0);
    }
}

static enum status open_files(struct renewal *r, struct err *err)
{
    enum status status = spool_make_run(r->spool, err);

    if (status != STATUS_OK)
        return status;
    r->dir = file_open(r->spool->dir, SPOOL_RESULTS, O_RDONLY | O_DIRECTORY, 0);
    if (r->dir < 0)
        return err_errno(err, "cannot open %s/" SPOOL_RESULTS, r->spool->path);
    status = segment_list_folder(r->dir, ".", &r->list, err);
    if (status != STATUS_OK)
        return status;
    if (unlinkat(r->dir, r->tmp, 0) == 0 || errno == ENOENT)
        r->fd = file_open(r->dir, r->tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
    return r->fd >= 0 ? STATUS_OK
                      : err_errno(err, "cannot write to %s/" SPOOL_RESULTS, r->spool->path);
}

enum status ledger_renew(const struct spool *spool, const struct record_owner *owner,
                         const char *tmp, ledger_keep keep, void *context, int64_t now_ns,
                         bool *made, struct err *err)
{
    struct renewal r = {
        .spool = spool, .dir = -1, .fd = -1, .tmp = tmp, .keep = keep, .context = context};
    struct record_header header = {.created_ns = now_ns, .owner = *owner};
    enum status status;
    bool linked = false;

    buf_init(&r.block, BLOCK_LEN + LEDGER_LINE_MAX + RECORD_HEADER_MAX);
    status = open_files(&r, err);
    header.segment = 1 + (r.list.count == 0 ? 0 : r.list.numbers[r.list.count - 1]);
    header.owner.first = header.segment;
    if (status == STATUS_OK && header.segment > PLACE_SEGMENT_MAX)
        status = err_set(err, STATUS_LIMIT, "a log has used up the numbers of its files");
    if (status == STATUS_OK)
        status = fill_file(&r, &header, err);
    if (status == STATUS_OK)
        status = publish_file(&r, header.segment, &linked, err);
    if (r.fd >= 0)
        (void)unlinkat(r.dir, r.tmp, 0);
    if (status == STATUS_OK && linked)
        remove_old_files(&r);
    if (status == STATUS_OK && made != NULL)
        *made = linked;
    file_close(&r.fd);
    file_close(&r.dir);
    segment_list_free(&r.list);
    buf_free(&r.block);
    return status;
}

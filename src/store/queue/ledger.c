/* SPDX-License-Identifier: MIT
 * ledger - a log of small lines of JSON: the writing side.
 */
#include "store/queue/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "store/journal/segment.h"
#include "store/queue/ledger_parts.h"
#include "store/spool/once.h"

struct ledger {
    int dir; /* the folder */
    int fd;  /* the last file, or -1: the next append begins one */
    uint32_t segment;
    uint64_t len;
    uint64_t synced; /* bytes of the file that a sync covered, or that were there before us */
    bool dirty;      /* something may lie in the page cache only */
    bool torn;       /* the file does not end in a newline */
    bool named;      /* the file's name is on disk */
    bool left;       /* a sync failed: this file is not appended to any more */
    struct record_owner owner; /* of LEDGER_RESULTS */
    struct buf unsynced;       /* whole lines, as they were appended since the last good sync */
    struct buf line;
};

/* ---- files */

/* Begins the next file. It holds what was not synced in the one before, so that there is no moment
 * at which a line counts in neither. */
static enum status begin_file(struct ledger *l, int64_t now_ns, struct err *err)
{
    struct record_header header = {.segment = l->segment + 1,
                                   .previous = l->segment,
                                   .previous_valid = l->synced,
                                   .created_ns = now_ns};
    char name[SPOOL_NAME_MAX];
    enum status status;
    struct buf bytes;
    int fd;

    if (header.segment > PLACE_SEGMENT_MAX)
        return err_set(err, STATUS_LIMIT, "a log has used up the numbers of its files");
    header.owner = l->owner;
    buf_init(&bytes, RECORD_HEADER_MAX + LEDGER_UNSYNCED_MAX);
    record_header_print(&bytes, &header);
    buf_add_str(&bytes, buf_str(&l->unsynced));
    status = buf_status(&bytes, "the beginning of a log", err);
    spool_segment_name(name, header.segment);
    if (status == STATUS_OK &&
        once_make(l->dir, SPOOL_LEDGER_TMP, name, bytes.ptr, bytes.len, 0, ONCE_NEW) != 0)
        status = err_errno(err, "cannot begin the log %s", name);
    fd = status == STATUS_OK ? file_open(l->dir, name, O_RDWR | O_APPEND, 0) : -1;
    if (status == STATUS_OK && fd < 0)
        status = err_errno(err, "cannot open the log %s", name);
    if (status == STATUS_OK) {
        file_close(&l->fd);
        l->fd = fd;
        l->segment = header.segment;
        l->len = l->synced = bytes.len;
        l->dirty = l->torn = l->left = false;
        l->named = true;
        buf_reset(&l->unsynced, l->unsynced.max);
    }
    buf_free(&bytes);
    return status;
}

/* Goes on after the last line of the last file, unless that file is invalid. */
static enum status open_last(struct ledger *l, enum ledger_kind kind, uint32_t segment,
                             struct err *err)
{
    char name[SPOOL_NAME_MAX];
    struct record_header header;
    struct stat sb;
    char last = '\n';
    int fd;

    spool_segment_name(name, segment);
    fd = file_open(l->dir, name, O_RDWR | O_APPEND, 0);
    if (fd < 0 || fstat(fd, &sb) != 0) {
        enum status status = err_errno(err, "cannot open the log %s", name);

        file_close(&fd);
        return status;
    }
    l->segment = segment;
    l->len = l->synced = (uint64_t)sb.st_size;
    if (ledger_header(fd, segment, &header, NULL) != STATUS_OK ||
        file_pread(fd, &last, 1, (off_t)(l->len - 1)) != 1) {
        file_close(&fd);
        return STATUS_OK;
    }
    l->fd = fd;
    /* Its writer may have died before a sync. If it has seen one fail, what it wrote last may be
     * lost although the next sync succeeds: an order must not need its newline. What hooks did is
     * in the snapshot too. */
    l->dirty = true;
    l->torn = last != '\n' || kind == LEDGER_ORDERS;
    return STATUS_OK;
}

enum status ledger_open(struct ledger **out, const struct spool *spool, enum ledger_kind kind,
                        int64_t now_ns, struct err *err)
{
    struct segment_list list = {NULL, 0};
    struct ledger *l = calloc(1, sizeof *l);
    enum status status;

    if (l == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a log");
    l->dir = l->fd = -1;
    buf_init(&l->unsynced, LEDGER_UNSYNCED_MAX);
    buf_init(&l->line, LEDGER_LINE_MAX + 2);
    status = spool_make_run(spool, err);
    if (status == STATUS_OK) {
        l->dir = file_open(spool->dir, ledger_folder(kind), O_RDONLY | O_DIRECTORY, 0);
        if (l->dir < 0)
            status = err_errno(err, "cannot open %s/%s", spool->path, ledger_folder(kind));
    }
    if (status == STATUS_OK && kind == LEDGER_RESULTS)
        status = ledger_owner(spool, &l->owner, err);
    if (status == STATUS_OK)
        status = segment_list_folder(l->dir, ".", &list, err);
    if (status == STATUS_OK && list.count > 0)
        status = open_last(l, kind, list.numbers[list.count - 1], err);
    if (status == STATUS_OK && l->fd < 0)
        status = begin_file(l, now_ns, err);
    segment_list_free(&list);
    if (status == STATUS_OK)
        *out = l;
    else
        ledger_close(l);
    return status;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    file_close(&ledger->fd);
    file_close(&ledger->dir);
    buf_free(&ledger->unsynced);
    buf_free(&ledger->line);
    free(ledger);
}

struct place ledger_end(const struct ledger *ledger)
{
    return (struct place){ledger->segment, ledger->len};
}

/* ---- sync */

static enum status sync_file(struct ledger *l, struct err *err)
{
    if (!l->dirty)
        return STATUS_OK;
    /* Its maker may have died before it did that. */
    if (!l->named && file_sync_dir(l->dir) != 0)
        return err_errno(err, "cannot sync the folder of the log %08" PRIu32, l->segment);
    l->named = true;
    if (file_datasync(l->fd) != 0) {
        enum status status = err_errno(err, "cannot sync the log %08" PRIu32, l->segment);

        /* The kernel may hold the lost pages for clean: another sync of this file would prove
         * nothing. */
        l->left = true;
        return status;
    }
    l->dirty = false;
    l->synced = l->len;
    buf_reset(&l->unsynced, l->unsynced.max);
    return STATUS_OK;
}

enum status ledger_sync(struct ledger *ledger, int64_t now_ns, struct err *err)
{
    if (ledger->left)
        return begin_file(ledger, now_ns, err);
    return sync_file(ledger, err);
}

/* ---- append */

static enum status make_room(struct ledger *l, size_t len, int64_t now_ns, struct err *err)
{
    enum status status = STATUS_OK;

    if (!l->left && l->len + len > LEDGER_SEGMENT_MAX) {
        status = sync_file(l, err);
        if (status == STATUS_OK)
            status = begin_file(l, now_ns, err);
    } else if (l->left || l->unsynced.len + len > LEDGER_UNSYNCED_MAX) {
        status = ledger_sync(l, now_ns, err);
    }
    return status;
}

static enum status write_bytes(struct ledger *l, struct str bytes, struct err *err)
{
    ssize_t done;

    l->dirty = true;
    done = file_write_once(l->fd, bytes.ptr, bytes.len);
    if (done < 0)
        return err_errno(err, "cannot write to the log %08" PRIu32, l->segment);
    l->len += (uint64_t)done;
    if ((size_t)done < bytes.len) {
        l->torn = l->torn || done > 0;
        return err_set(err, STATUS_NO_SPACE,
                       "only %zd of %zu bytes could be written to the log %08" PRIu32, done,
                       bytes.len, l->segment);
    }
    l->torn = false;
    return STATUS_OK;
}

enum status ledger_append(struct ledger *ledger, struct str line, int64_t now_ns, struct err *err)
{
    struct buf *b = &ledger->line;
    enum status status;
    struct str bytes;

    buf_reset(b, b->max);
    buf_add_char(b, '\n');
    buf_add_str(b, line);
    buf_printf(b, RECORD_CRC_OPEN "%08" PRIx32 "\"}\n", crc32c(0, line.ptr, line.len));
    status = buf_status(b, "a line of a log", err);
    if (status == STATUS_OK)
        status = make_room(ledger, b->len, now_ns, err);
    if (status != STATUS_OK)
        return status;
    bytes = buf_str(b);
    if (!ledger->torn)
        bytes = (struct str){bytes.ptr + 1, bytes.len - 1};
    status = write_bytes(ledger, bytes, err);
    if (status == STATUS_OK)
        buf_add(&ledger->unsynced, b->ptr + 1, b->len - 1);
    return status;
}

/* SPDX-License-Identifier: MIT
 * box - see store/boxes/box.h.
 */
#include "store/boxes/box.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mac.h"
#include "base/text.h"
#include "store/boxes/box_counts.h"

#define NAME_LEN_MAX 64
#define HEX_LEN (2 * MAC_SHA256_LEN)
#define LATE_MAX 256
#define NAMES_TRIED 8 /* each time the entry of that name was removed meanwhile */
/* For deliveries that are likely real: the lock is held for microseconds, or for a sweep. */
#define PUBLISHED_WAIT_NS (20 * NS_PER_MS)

struct box {
    const struct spool *spool;
    struct box_limits limits;
    enum box_kind kind;
    enum box_class class;
    int64_t received_ns;
    int fd;
    char tmp[NAME_LEN_MAX];
    size_t head_len;
    uint64_t bytes, kept, kept_max;
    struct mac_stream name_hash; /* endpoint, query, body */
    struct mac_stream body_hash;
};

const char *box_kind_name(enum box_kind kind)
{
    return kind == BOX_QUARANTINED ? SPOOL_QUARANTINE : SPOOL_REFUSED;
}

int box_folder(const struct spool *spool, enum box_kind kind)
{
    return kind == BOX_QUARANTINED ? spool->quarantine : spool->refused;
}

/* The members that are known last. Their width is constant, so they can be overwritten. */
static size_t print_late(char out[LATE_MAX], const char *sha256, uint64_t bytes, uint64_t kept,
                         bool complete)
{
    int n = snprintf(out, LATE_MAX,
                     "{\"box\":1,\"sha256\":\"%*s\",\"bytes\":%-20" PRIu64 ",\"kept\":%-20" PRIu64
                     ",\"complete\":%-5s",
                     (int)HEX_LEN, sha256, bytes, kept, complete ? "true" : "false");

    return (size_t)n;
}

static void add_member(struct buf *out, const char *name, struct str value)
{
    if (value.ptr == NULL)
        return;
    buf_printf(out, ",\"%s\":", name);
    text_json_lossy(out, value);
}

static enum status print_head(struct buf *out, const struct box_entry *entry, struct err *err)
{
    char late[LATE_MAX];
    char time[CLOCK_ISO_MAX];
    struct buf query;
    enum status status;

    buf_init(&query, out->max);
    text_percent_ascii(&query, entry->query);
    clock_iso(entry->received_ns, time);
    buf_add(out, late, print_late(late, "", 0, 0, false));
    add_member(out, "reason", str_of(status_name(entry->reason)));
    add_member(out, "detail", str_of(entry->detail));
    add_member(out, "endpoint", str_of(entry->endpoint));
    add_member(out, "received_at", str_of(time));
    add_member(out, "remote_addr", entry->remote_addr);
    buf_printf(out, ",\"published\":%s", entry->published ? "true" : "false");
    add_member(out, "query", buf_str(&query));
    add_member(out, "content_type", entry->content_type);
    add_member(out, "user_agent", entry->user_agent);
    buf_add_text(out, "}\n");
    status = buf_status(&query, "the query of a refused delivery", err);
    buf_free(&query);
    if (status != STATUS_OK)
        return status;
    return buf_status(out, "the line of a refused delivery", err);
}

/* The reserve belongs to the journal; refused entries stay clear of it. */
static enum status check_space(const struct spool *spool, enum box_kind kind,
                               const struct box_limits *limits, struct err *err)
{
    uint64_t needed = kind == BOX_REFUSED ? 2 * limits->free_space_min : limits->free_space_min;
    uint64_t space;

    if (limits->free_space_min == 0)
        return STATUS_OK;
    if (file_free_space(spool->dir, &space) < 0)
        return err_errno(err, "cannot tell the free space of %s", spool->path);
    if (space < needed)
        return err_set(err, STATUS_NO_SPACE, "%s has less free space than its reserve",
                       spool->path);
    return STATUS_OK;
}

static enum status open_counts(const struct box *b, struct box_counts_file *out, struct err *err)
{
    return box_counts_open(out, b->spool, b->received_ns,
                           b->class == BOX_PUBLISHED ? PUBLISHED_WAIT_NS : 0, err);
}

/* Reads the counts before anything is written: a full box costs nothing more. */
static enum status check_room(struct box *b, struct err *err)
{
    struct box_counts_file file;
    uint64_t room;
    enum status status;

    if (b->limits.bytes_max == 0)
        return err_set(err, STATUS_LIMIT, "the refused box is switched off");
    status = open_counts(b, &file, err);
    if (status != STATUS_OK)
        return status;
    room = box_counts_room(&file.counts, b->class, b->limits.bytes_max);
    box_counts_close(&file);
    if (room <= b->head_len)
        return err_set(err, STATUS_LIMIT, "the refused box is full");
    if (b->kept_max > room - b->head_len)
        b->kept_max = room - b->head_len;
    return STATUS_OK;
}

static enum status make_file(struct box *b, const struct buf *head, struct err *err)
{
    uint64_t random;
    enum status status = id_random(&random, sizeof random, err);

    if (status != STATUS_OK)
        return status;
    snprintf(b->tmp, sizeof b->tmp, SPOOL_BOX_TMP_PREFIX "%ld-%016" PRIx64, (long)getpid(), random);
    b->fd = file_open(box_folder(b->spool, b->kind), b->tmp,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (b->fd < 0)
        return err_errno(err, "cannot make an entry of the %s box", box_kind_name(b->kind));
    if (file_write(b->fd, head->ptr, head->len) < 0)
        return err_errno(err, "cannot write an entry of the %s box", box_kind_name(b->kind));
    return STATUS_OK;
}

static void start_hashes(struct box *b, const struct box_entry *entry)
{
    const char *endpoint = entry->endpoint == NULL ? "" : entry->endpoint;

    mac_stream_init(&b->name_hash);
    mac_stream_add(&b->name_hash, endpoint, strlen(endpoint) + 1);
    if (entry->query.len > 0)
        mac_stream_add(&b->name_hash, entry->query.ptr, entry->query.len);
    mac_stream_add(&b->name_hash, "", 1);
    mac_stream_init(&b->body_hash);
}

static enum status start_entry(struct box *b, const struct box_entry *entry, struct err *err)
{
    struct buf head;
    enum status status;

    buf_init(&head, b->kind == BOX_REFUSED ? BOX_REFUSED_HEAD_MAX : BOX_QUARANTINED_HEAD_MAX);
    status = check_space(b->spool, b->kind, &b->limits, err);
    if (status == STATUS_OK)
        status = print_head(&head, entry, err);
    b->head_len = head.len;
    if (status == STATUS_OK && b->kind == BOX_REFUSED)
        status = check_room(b, err);
    if (status == STATUS_OK)
        status = make_file(b, &head, err);
    if (status == STATUS_OK)
        start_hashes(b, entry);
    buf_free(&head);
    return status;
}

enum status box_begin(struct box **out, const struct spool *spool, enum box_kind kind,
                      const struct box_entry *entry, const struct box_limits *limits,
                      struct err *err)
{
    struct box *b = calloc(1, sizeof *b);
    enum status status;

    if (b == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a box entry");
    b->spool = spool;
    b->limits = *limits;
    b->kind = kind;
    b->class = entry->published ? BOX_PUBLISHED : BOX_STRANGER;
    b->received_ns = entry->received_ns;
    b->fd = -1;
    b->kept_max = entry->kept_max;
    if (kind == BOX_REFUSED && !entry->published && b->kept_max > BOX_STRANGER_BODY_MAX)
        b->kept_max = BOX_STRANGER_BODY_MAX;
    status = start_entry(b, entry, err);
    if (status != STATUS_OK) {
        box_abandon(b);
        return status;
    }
    *out = b;
    return STATUS_OK;
}

enum status box_add(struct box *b, const void *bytes, size_t len, struct err *err)
{
    uint64_t room = b->kept_max - b->kept;
    size_t keep = len < room ? len : (size_t)room;

    mac_stream_add(&b->name_hash, bytes, len);
    mac_stream_add(&b->body_hash, bytes, len);
    b->bytes += len;
    if (keep > 0 && file_write(b->fd, bytes, keep) < 0)
        return err_errno(err, "cannot write an entry of the %s box", box_kind_name(b->kind));
    b->kept += keep;
    return STATUS_OK;
}

static enum status end_hash(struct mac_stream *hash, struct buf *hex, struct err *err)
{
    uint8_t digest[MAC_SHA256_LEN];

    buf_reset(hex, HEX_LEN);
    mac_stream_end(hash, digest);
    text_hex(hex, digest, sizeof digest);
    return buf_status(hex, "a digest", err);
}

static enum status finish_file(struct box *b, bool complete, char name[NAME_LEN_MAX],
                               struct err *err)
{
    bool published = b->kind == BOX_REFUSED && b->class == BOX_PUBLISHED;
    char late[LATE_MAX];
    struct buf hex;
    enum status status;

    buf_init(&hex, HEX_LEN);
    status = end_hash(&b->name_hash, &hex, err);
    if (status == STATUS_OK) {
        snprintf(name, NAME_LEN_MAX, "%.*s%s", BOX_NAME_DIGITS, hex.ptr,
                 published ? SPOOL_BOX_PUBLISHED_SUFFIX : SPOOL_BOX_SUFFIX);
        status = end_hash(&b->body_hash, &hex, err);
    }
    if (status == STATUS_OK) {
        size_t len = print_late(late, hex.ptr, b->bytes, b->kept, complete && b->kept == b->bytes);

        if (file_pwrite(b->fd, late, len, 0) < 0)
            status = err_errno(err, "cannot complete a box entry");
    }
    buf_free(&hex);
    return status;
}

/* Gives the entry its name. If an earlier delivery has it, touches that entry instead; if
 * box_expire removes it in between, tries again. */
static enum status link_entry(struct box *b, const char *name, bool *again, struct err *err)
{
    int dir = box_folder(b->spool, b->kind);

    for (unsigned n = 0; n < NAMES_TRIED; n++) {
        *again = false;
        if (linkat(dir, b->tmp, dir, name, 0) == 0)
            return STATUS_OK;
        if (errno != EEXIST)
            break;
        *again = true;
        if (utimensat(dir, name, NULL, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
            return STATUS_OK;
    }
    return err_errno(err, "cannot name a box entry");
}

static enum status end_quarantine(struct box *b, const char *name, bool *again, struct err *err)
{
    enum status status;

    if (file_sync(b->fd) < 0)
        return err_errno(err, "cannot sync a quarantine entry");
    status = link_entry(b, name, again, err);
    if (status != STATUS_OK)
        return status;
    /* Also if it existed already: its maker may not have come this far. */
    if (file_sync_dir(b->spool->quarantine) < 0)
        return err_errno(err, "cannot sync the quarantine folder");
    return STATUS_OK;
}

static enum status end_refused(struct box *b, const char *name, bool *again, struct err *err)
{
    uint64_t size = b->head_len + b->kept;
    struct box_counts_file file;
    struct stat sb;
    enum status status;

    status = open_counts(b, &file, err);
    if (status != STATUS_OK)
        return status;
    if (fstatat(b->spool->refused, name, &sb, AT_SYMLINK_NOFOLLOW) < 0 &&
        box_counts_room(&file.counts, b->class, b->limits.bytes_max) < size)
        status = err_set(err, STATUS_LIMIT, "the refused box is full");
    else
        status = link_entry(b, name, again, err);
    if (status == STATUS_OK && !*again) {
        file.counts.count[b->class]++;
        file.counts.bytes[b->class] += size;
    }
    box_counts_close(&file);
    return status;
}

enum status box_end(struct box *b, bool complete, bool *again, struct err *err)
{
    char name[NAME_LEN_MAX];
    bool was_there = false;
    enum status status = finish_file(b, complete, name, err);

    if (status == STATUS_OK && b->kind == BOX_QUARANTINED)
        status = end_quarantine(b, name, &was_there, err);
    else if (status == STATUS_OK)
        status = end_refused(b, name, &was_there, err);
    if (status == STATUS_OK && again != NULL)
        *again = was_there;
    box_abandon(b);
    return status;
}

void box_abandon(struct box *b)
{
    if (b == NULL)
        return;
    if (b->fd >= 0)
        (void)unlinkat(box_folder(b->spool, b->kind), b->tmp, 0);
    file_close(&b->fd);
    free(b);
}

bool box_should_log(const struct spool *spool, int64_t now_ns, uint64_t *suppressed)
{
    int64_t minute = now_ns / NS_PER_S / 60;
    struct box_counts_file file;
    bool yes;

    *suppressed = 0;
    switch ((int)box_counts_open(&file, spool, now_ns, 0, NULL)) {
    case STATUS_OK:
        break;
    case STATUS_LIMIT:
        return false;
    default:
        return true;
    }
    if (file.counts.minute != minute) {
        file.counts.minute = minute;
        file.counts.logged = 0;
    }
    yes = file.counts.logged < BOX_LOG_PER_MINUTE;
    if (yes) {
        *suppressed = file.counts.suppressed;
        file.counts.suppressed = 0;
        file.counts.logged++;
    } else {
        file.counts.suppressed++;
    }
    box_counts_close(&file);
    return yes;
}

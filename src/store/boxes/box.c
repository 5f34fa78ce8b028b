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
#include "base/mac.h"
#include "base/text.h"
#include "core/payload.h"
#include "store/boxes/box_counts.h"
#include "store/boxes/box_file.h"
#include "store/boxes/quarantine_keep.h"

#define NAME_LEN_MAX 64
#define HEX_LEN (2 * MAC_SHA256_LEN)
#define LATE_MAX 256
/* For deliveries that are likely real: the lock is held for microseconds, or for a sweep. */
#define PUBLISHED_WAIT_NS (20 * NS_PER_MS)

struct box {
    const struct spool *spool;
    struct box_limits limits;
    enum box_kind kind;
    enum box_class class;
    int64_t received_ns;
    struct box_file file;
    struct box_charge charge;
    uint64_t network;
    bool complete; /* all of the body is kept */
    size_t head_len;
    uint64_t bytes, kept, kept_max;
    uint32_t tag;                /* of the endpoint */
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
    return reserve_check(spool->dir, &limits->reserve, kind == BOX_REFUSED ? 2 : 1, 0, err);
}

static const char *entry_suffix(const struct box *b)
{
    return b->kind == BOX_REFUSED && b->class == BOX_PUBLISHED ? SPOOL_BOX_PUBLISHED_SUFFIX
                                                               : SPOOL_BOX_SUFFIX;
}

static enum status open_counts(const struct box *b, struct box_counts_file *out, struct err *err)
{
    return box_counts_open(out, b->spool, b->received_ns,
                           b->class == BOX_PUBLISHED ? PUBLISHED_WAIT_NS : 0, err);
}

static struct box_room whole_room(const struct box *b)
{
    return (struct box_room){BOX_COUNT_MAX, b->limits.bytes_max};
}

static uint64_t at_most(uint64_t whole, uint64_t taken, uint64_t share)
{
    uint64_t less = taken > share ? taken : share;

    return whole > less ? whole - less : 0;
}

/* What entries may take: unfinished files take room too, and where they have names, strangers' may
 * take a share at any time. */
static struct box_room room_of_entries(const struct box *b, const struct box_counts *counts)
{
    bool shared = b->class == BOX_STRANGER && b->file.tmp[0] != '\0';
    struct box_room whole = whole_room(b);

    whole.files =
        at_most(whole.files, counts->unfinished[b->class], shared ? whole.files / BOX_SHARES : 0);
    whole.bytes = at_most(whole.bytes, counts->unfinished_bytes[b->class],
                          shared ? whole.bytes / BOX_SHARES : 0);
    return whole;
}

/* Published addresses replace nothing: a full box costs them nothing more. */
static enum status room_of_published(const struct box *b, uint64_t *room, struct err *err)
{
    struct box_counts_file file;
    enum status status = open_counts(b, &file, err);

    if (status != STATUS_OK)
        return status;
    *room = box_counts_room(&file.counts, b->class, b->limits.bytes_max);
    box_counts_close(&file);
    return STATUS_OK;
}

static enum status check_room(struct box *b, struct err *err)
{
    const struct box_room whole = whole_room(b);
    uint64_t room = box_share(&whole).bytes;
    enum status status = STATUS_OK;

    if (b->limits.bytes_max == 0)
        return err_set(err, STATUS_LIMIT, "the refused box is switched off");
    if (b->class == BOX_PUBLISHED)
        status = room_of_published(b, &room, err);
    if (status != STATUS_OK)
        return status;
    if (room <= b->head_len)
        return err_set(err, STATUS_LIMIT, "the refused box is full");
    if (b->kept_max > room - b->head_len)
        b->kept_max = room - b->head_len;
    return STATUS_OK;
}

/* What one more unfinished file may take. */
static uint64_t room_of_unfinished(const struct box *b, const struct box_counts *counts)
{
    const struct box_room whole = whole_room(b);
    const struct box_room share = box_share(&whole);
    uint64_t bytes = counts->unfinished_bytes[b->class];

    if (b->class == BOX_PUBLISHED)
        return box_counts_room(counts, b->class, b->limits.bytes_max);
    return counts->unfinished[b->class] >= share.files || bytes >= share.bytes
               ? 0
               : share.bytes - bytes;
}

/* Counts the bytes of a file before it has a name, under which a kill would leave it. */
static enum status charge_counts(struct box *b, uint64_t bytes, struct err *err)
{
    struct box_counts_file file;
    enum status status = open_counts(b, &file, err);

    if (status != STATUS_OK)
        return status;
    if (room_of_unfinished(b, &file.counts) < bytes)
        status = err_set(err, STATUS_LIMIT, "the refused box is full");
    else
        b->charge = box_counts_charge(&file.counts, b->class, bytes);
    box_counts_close(&file);
    return status;
}

/* If the counts are locked, the next sweep of the box gives the bytes back. */
static void discharge_counts(struct box *b)
{
    struct box_counts_file file;

    if (b->charge.bytes == 0 || open_counts(b, &file, NULL) != STATUS_OK)
        return;
    box_counts_discharge(&file.counts, &b->charge);
    box_counts_close(&file);
}

static enum status open_named(struct box *b, uint64_t bytes, struct err *err)
{
    enum status status =
        b->kind == BOX_REFUSED ? charge_counts(b, b->head_len + bytes, err) : STATUS_OK;

    if (status != STATUS_OK)
        return status;
    return box_file_open_named(&b->file, entry_suffix(b), err);
}

static enum status open_file(struct box *b, uint64_t announced, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = box_file_open(&b->file, &why);

    if (status != STATUS_MISSING)
        return err_pass(err, status, &why);
    if (b->kind == BOX_REFUSED && announced > 0 && announced < b->kept_max)
        b->kept_max = announced;
    return open_named(b, b->kept_max, err);
}

static enum status make_file(struct box *b, const struct box_entry *entry, const struct buf *head,
                             struct err *err)
{
    enum status status = open_file(b, entry->announced, err);

    if (status == STATUS_OK && file_write(b->file.fd, head->ptr, head->len) < 0)
        status = err_errno(err, "cannot write an entry of the %s box", box_kind_name(b->kind));
    return status;
}

static void start_hashes(struct box *b, const struct box_entry *entry)
{
    const char *endpoint = entry->endpoint == NULL ? "" : entry->endpoint;

    mac_stream_init(&b->name_hash);
    mac_stream_add(&b->name_hash, endpoint, strlen(endpoint) + 1);
    if (entry->query.len > 0 && !entry->query_unproved)
        mac_stream_add(&b->name_hash, entry->query.ptr, entry->query.len);
    mac_stream_add(&b->name_hash, "", 1);
    mac_stream_init(&b->body_hash);
    b->tag = quarantine_tag(endpoint);
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
        status = make_file(b, entry, &head, err);
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
    b->network = entry->network;
    box_file_init(&b->file, box_folder(spool, kind));
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
    if (keep > 0 && file_write(b->file.fd, bytes, keep) < 0)
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

static void print_name(const struct box *b, const char *hex, char name[NAME_LEN_MAX])
{
    if (b->kind == BOX_QUARANTINED)
        snprintf(name, NAME_LEN_MAX, "%.*s%0*" PRIx32 "%s",
                 SPOOL_BOX_DIGITS - QUARANTINE_TAG_DIGITS, hex, QUARANTINE_TAG_DIGITS, b->tag,
                 entry_suffix(b));
    else
        snprintf(name, NAME_LEN_MAX, "%.*s%s", SPOOL_BOX_DIGITS, hex, entry_suffix(b));
}

static enum status finish_file(struct box *b, bool complete, char name[NAME_LEN_MAX],
                               struct err *err)
{
    char late[LATE_MAX];
    struct buf hex;
    enum status status;

    buf_init(&hex, HEX_LEN);
    status = end_hash(&b->name_hash, &hex, err);
    if (status == STATUS_OK) {
        print_name(b, hex.ptr, name);
        status = end_hash(&b->body_hash, &hex, err);
    }
    if (status == STATUS_OK) {
        size_t len;

        b->complete = complete && b->kept == b->bytes;
        len = print_late(late, hex.ptr, b->bytes, b->kept, b->complete);

        if (file_pwrite(b->file.fd, late, len, 0) < 0)
            status = err_errno(err, "cannot complete a box entry");
    }
    buf_free(&hex);
    return status;
}

static enum status end_quarantine(struct box *b, const char *name, bool *again, struct err *err)
{
    struct quarantine_quota quota = {b->limits.bytes_max, b->limits.deadline_ns};

    return quarantine_keep(b->spool, &b->file, name, b->head_len + b->kept, &quota, again, err);
}

/* Whether the body is one that the sender documents. Such an entry is likely to be a delivery whose
 * secret was changed, and is replaced last. */
static bool is_known_kind(const struct box *b)
{
    struct payload payload;
    struct buf body;
    char *room;
    bool known;

    if (!b->complete || b->kept > BOX_STRANGER_BODY_MAX)
        return false;
    buf_init(&body, BOX_STRANGER_BODY_MAX);
    room = buf_room(&body, (size_t)b->kept);
    known = room != NULL &&
            file_pread(b->file.fd, room, (size_t)b->kept, (off_t)b->head_len) == (ssize_t)b->kept &&
            payload_parse(&payload, (struct str){room, (size_t)b->kept}, NULL) == STATUS_OK &&
            payload.kind != EVENT_UNKNOWN;
    buf_free(&body);
    return known;
}

static bool is_there(const struct box *b, const char *name)
{
    struct stat sb;

    return fstatat(b->spool->refused, name, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Adds a new entry: its row first, with the room that it takes. */
static enum status add_refused(struct box *b, struct box_counts_file *file, const char *name,
                               bool *again, struct err *err)
{
    const struct box_room room = room_of_entries(b, &file->counts);
    struct box_row row = {0};
    enum status status;

    if (!box_row_parse(&row, name))
        return err_set(err, STATUS_CORRUPT, "%s is not the name of a box entry", name);
    row.bytes = (uint32_t)(b->head_len + b->kept);
    row.network = b->network;
    row.known = is_known_kind(b);
    status = box_counts_add(file, b->spool, &row, &room, err);
    if (status != STATUS_OK)
        return status;
    status = box_file_link(&b->file, name, again, err);
    if (status != STATUS_OK || *again)
        box_counts_take_back(file);
    return status;
}

static enum status end_refused(struct box *b, const char *name, bool *again, struct err *err)
{
    struct box_counts_file file;
    enum status status = open_counts(b, &file, err);

    if (status != STATUS_OK)
        return status;
    box_counts_discharge(&file.counts, &b->charge);
    status = is_there(b, name) ? box_file_link(&b->file, name, again, err)
                               : add_refused(b, &file, name, again, err);
    box_counts_close(&file);
    return status;
}

static enum status end_kind(struct box *b, const char *name, bool *again, struct err *err)
{
    return b->kind == BOX_QUARANTINED ? end_quarantine(b, name, again, err)
                                      : end_refused(b, name, again, err);
}

/* A file that cannot get its name after all is copied into one that has a name. */
static enum status end_entry(struct box *b, const char *name, bool *again, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = end_kind(b, name, again, &why);

    if (status != STATUS_MISSING)
        return err_pass(err, status, &why);
    status = open_named(b, b->kept, err);
    if (status == STATUS_OK)
        status = end_kind(b, name, again, err);
    return status;
}

enum status box_end(struct box *b, bool complete, bool *again, struct err *err)
{
    char name[NAME_LEN_MAX];
    bool was_there = false;
    enum status status = finish_file(b, complete, name, err);

    box_file_hold(&b->file);
    if (status == STATUS_OK)
        status = end_entry(b, name, &was_there, err);
    if (status == STATUS_OK && again != NULL)
        *again = was_there;
    box_abandon(b);
    return status;
}

void box_abandon(struct box *b)
{
    if (b == NULL)
        return;
    box_file_close(&b->file);
    discharge_counts(b);
    box_file_release(&b->file);
    free(b);
}

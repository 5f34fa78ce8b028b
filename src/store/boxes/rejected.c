/* SPDX-License-Identifier: MIT
 * rejected - see store/boxes/rejected.h.
 */
#include "store/boxes/rejected.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mac.h"
#include "base/num.h"
#include "base/text.h"
#include "core/pick.h"

#define HEX "0123456789abcdef"
/* Most lines are shorter; longer ones are read in such steps. */
#define HEAD_STEP ((size_t)4096)
#define REFS_FIRST 64

/* ---- an entry's line */

enum {
    M_SHA256,
    M_REASON,
    M_DETAIL,
    M_ENDPOINT,
    M_RECEIVED,
    M_REMOTE,
    M_QUERY,
    M_TYPE,
    M_AGENT,
    M_BOX, /* from here on no strings */
    M_BYTES,
    M_KEPT,
    M_COMPLETE,
    M_PUBLISHED,
    M_COUNT
};

#define BOOLEAN (PICK_TYPE(SCAN_TRUE) | PICK_TYPE(SCAN_FALSE))

static const struct pick_wish wishes[M_COUNT] = {
    [M_SHA256] = PICK("sha256", PICK_STRING, true),
    [M_REASON] = PICK("reason", PICK_STRING, true),
    [M_DETAIL] = PICK("detail", PICK_STRING, false),
    [M_ENDPOINT] = PICK("endpoint", PICK_STRING, true),
    [M_RECEIVED] = PICK("received_at", PICK_STRING, true),
    [M_REMOTE] = PICK("remote_addr", PICK_STRING, false),
    [M_QUERY] = PICK("query", PICK_STRING, false),
    [M_TYPE] = PICK("content_type", PICK_STRING, false),
    [M_AGENT] = PICK("user_agent", PICK_STRING, false),
    [M_BOX] = PICK("box", PICK_NUMBER, true),
    [M_BYTES] = PICK("bytes", PICK_NUMBER, true),
    [M_KEPT] = PICK("kept", PICK_NUMBER, true),
    [M_COMPLETE] = PICK("complete", BOOLEAN, true),
    [M_PUBLISHED] = PICK("published", BOOLEAN, true),
};

static bool decode_members(struct rejected *entry, const struct picked *found)
{
    struct str *const places[M_BOX] = {
        [M_SHA256] = &entry->sha256,        [M_REASON] = &entry->reason,
        [M_DETAIL] = &entry->detail,        [M_ENDPOINT] = &entry->endpoint,
        [M_RECEIVED] = &entry->received_at, [M_REMOTE] = &entry->remote_addr,
        [M_QUERY] = &entry->query,          [M_TYPE] = &entry->content_type,
        [M_AGENT] = &entry->user_agent,
    };

    for (size_t i = 0; i < M_BOX; i++) {
        size_t at = entry->text.len;

        if (found[i].value.ptr == NULL)
            continue;
        if (!text_json_decode(&entry->text, found[i].value))
            return false;
        *places[i] = (struct str){entry->text.ptr + at, entry->text.len - at};
    }
    return entry->text.failed == STATUS_OK && num_u64(found[M_BYTES].value, &entry->bytes) &&
           num_u64(found[M_KEPT].value, &entry->kept) &&
           clock_iso_parse(entry->received_at, &entry->ref.received_ns);
}

static enum status parse_line(struct rejected *entry, struct str line, struct err *err)
{
    struct picked found[M_COUNT];
    enum status status;

    if (!pick_members(line, wishes, M_COUNT, found) || !str_is(found[M_BOX].value, "1") ||
        found[M_SHA256].value.len != (size_t)2 * MAC_SHA256_LEN)
        return err_set(err, STATUS_CORRUPT, "its first line is not that of an entry");
    /* Decoding never lengthens: with all room taken at once, the text does not move. */
    buf_init(&entry->text, line.len);
    (void)buf_room(&entry->text, line.len);
    status = buf_status(&entry->text, "an entry's line", err);
    if (status != STATUS_OK)
        return status;
    if (!decode_members(entry, found))
        return err_set(err, STATUS_CORRUPT, "a member of its first line cannot be read");
    entry->complete = str_is(found[M_COMPLETE].value, "true");
    entry->published = str_is(found[M_PUBLISHED].value, "true");
    return STATUS_OK;
}

/* ---- an entry's file */

static enum status open_entry(int *out, struct stat *sb, const struct spool *spool,
                              const struct rejected_ref *ref, struct err *err)
{
    /* O_NONBLOCK: a FIFO of that name must not block. */
    int fd =
        file_open(box_folder(spool, ref->box), ref->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    enum status status = STATUS_OK;

    if (fd < 0 && errno == ENOENT)
        return err_set(err, STATUS_MISSING, "%s/%s is gone", box_kind_name(ref->box), ref->name);
    if (fd < 0 && (errno == ELOOP || errno == ENXIO))
        return err_set(err, STATUS_CORRUPT, "it is no regular file");
    if (fd < 0 || fstat(fd, sb) < 0)
        status = err_errno(err, "cannot open %s/%s", box_kind_name(ref->box), ref->name);
    else if (!S_ISREG(sb->st_mode))
        status = err_set(err, STATUS_CORRUPT, "it is no regular file");
    if (status != STATUS_OK) {
        file_close(&fd);
        return status;
    }
    *out = fd;
    return STATUS_OK;
}

/* Appends the first line, without its newline. */
static enum status read_line(int fd, struct buf *line, struct err *err)
{
    for (;;) {
        size_t at = line->len;
        char *room = buf_room(line, HEAD_STEP);
        const char *newline;
        ssize_t got;

        if (room == NULL && line->failed == STATUS_MEMORY)
            return buf_status(line, "an entry's line", err);
        got = room == NULL ? 0 : file_pread(fd, room, HEAD_STEP, (off_t)at);
        if (got < 0)
            return err_errno(err, "cannot read its first line");
        newline = got == 0 ? NULL : memchr(room, '\n', (size_t)got);
        if (newline != NULL) {
            buf_grew(line, (size_t)(newline - room));
            return STATUS_OK;
        }
        if (got == 0)
            return err_set(err, STATUS_CORRUPT, "its first line has no end");
        buf_grew(line, (size_t)got);
    }
}

static enum status read_entry(struct rejected *entry, int fd, uint64_t size, struct err *err)
{
    enum status status;
    struct buf line;

    buf_init(&line, BOX_QUARANTINED_HEAD_MAX + HEAD_STEP);
    status = read_line(fd, &line, err);
    if (status == STATUS_OK)
        status = parse_line(entry, buf_str(&line), err);
    if (status == STATUS_OK) {
        entry->body_at = line.len + 1;
        if (size - entry->body_at != entry->kept || entry->kept > entry->bytes ||
            (entry->complete && entry->kept != entry->bytes))
            status = err_set(err, STATUS_CORRUPT, "its size does not match its first line");
    }
    buf_free(&line);
    return status;
}

enum status rejected_read(struct rejected *out, const struct spool *spool,
                          const struct rejected_ref *ref, struct err *err)
{
    struct rejected entry = {.ref = *ref};
    enum status status;
    struct stat sb;
    int fd;

    status = open_entry(&fd, &sb, spool, ref, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&entry.text, 0);
    status = read_entry(&entry, fd, (uint64_t)sb.st_size, err);
    file_close(&fd);
    if (status != STATUS_OK) {
        buf_free(&entry.text);
        return status;
    }
    *out = entry;
    return STATUS_OK;
}

void rejected_free(struct rejected *entry)
{
    buf_free(&entry->text);
}

static enum status check_digest(const struct rejected *entry, struct str body, struct err *err)
{
    uint8_t digest[MAC_SHA256_LEN];
    enum status status;
    struct buf hex;

    mac_sha256(&body, 1, digest);
    buf_init(&hex, sizeof digest * 2);
    text_hex(&hex, digest, sizeof digest);
    status = buf_status(&hex, "a digest", err);
    if (status == STATUS_OK && !str_eq(buf_str(&hex), entry->sha256))
        status =
            err_set(err, STATUS_CORRUPT, "its body does not match the digest in its first line");
    buf_free(&hex);
    return status;
}

static enum status read_body(const struct rejected *entry, int fd, struct buf *out, struct err *err)
{
    size_t len = (size_t)entry->kept;
    char *room = buf_room(out, len);
    ssize_t got;

    if (room == NULL)
        return buf_status(out, "the body", err);
    got = file_pread(fd, room, len, (off_t)entry->body_at);
    if (got < 0)
        return err_errno(err, "cannot read its body");
    if ((size_t)got != len)
        return err_set(err, STATUS_CORRUPT, "its body has become shorter");
    if (entry->complete) {
        enum status status = check_digest(entry, (struct str){room, len}, err);

        if (status != STATUS_OK)
            return status;
    }
    buf_grew(out, len);
    return STATUS_OK;
}

enum status rejected_body(const struct rejected *entry, const struct spool *spool, struct buf *out,
                          struct err *err)
{
    enum status status;
    struct stat sb;
    int fd;

    status = open_entry(&fd, &sb, spool, &entry->ref, err);
    if (status != STATUS_OK)
        return status;
    status = read_body(entry, fd, out, err);
    file_close(&fd);
    return status;
}

/* ---- all entries */

struct box_scan {
    const struct spool *spool;
    struct rejected_refs refs;
    size_t room;
    rejected_tell tell;
    void *context;
};

static bool is_entry_name(const char *name)
{
    size_t digits = strspn(name, HEX);

    return digits == SPOOL_BOX_DIGITS && (strcmp(name + digits, SPOOL_BOX_SUFFIX) == 0 ||
                                          strcmp(name + digits, SPOOL_BOX_PUBLISHED_SUFFIX) == 0);
}

static enum status add_ref(struct box_scan *s, const struct rejected_ref *ref, struct err *err)
{
    if (s->refs.count == REJECTED_ENTRIES_MAX) {
        s->refs.more = true;
        return STATUS_OK;
    }
    if (s->refs.count == s->room) {
        size_t room = s->room == 0 ? REFS_FIRST : 2 * s->room;
        struct rejected_ref *list = realloc(s->refs.list, room * sizeof *list);

        if (list == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the list of rejected deliveries");
        s->refs.list = list;
        s->room = room;
    }
    s->refs.list[s->refs.count++] = *ref;
    return STATUS_OK;
}

static void report_damaged(struct box_scan *s, enum box_kind box, const char *name, const char *why)
{
    s->refs.damaged++;
    s->tell(s->context, box, name, why);
}

static enum status add_file(struct box_scan *s, enum box_kind box, const char *name,
                            struct err *err)
{
    struct rejected_ref ref = {.box = box};
    struct err why = ERR_INIT;
    struct rejected entry;
    enum status status;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, SPOOL_BOX_COUNTS) == 0)
        return STATUS_OK;
    if (str_starts(str_of(name), SPOOL_BOX_TMP_PREFIX) ||
        str_starts(str_of(name), SPOOL_BOX_ASIDE_PREFIX)) {
        s->refs.unfinished++;
        return STATUS_OK;
    }
    if (!is_entry_name(name)) {
        report_damaged(s, box, name, "its name is not that of an entry");
        return STATUS_OK;
    }
    memcpy(ref.name, name, strlen(name) + 1);
    status = rejected_read(&entry, s->spool, &ref, &why);
    if (status == STATUS_OK) {
        ref = entry.ref;
        rejected_free(&entry);
        return add_ref(s, &ref, err);
    }
    if (status == STATUS_MEMORY)
        return err_pass(err, status, &why);
    if (status != STATUS_MISSING)
        report_damaged(s, box, name, why.text);
    return STATUS_OK;
}

static enum status scan_box(struct box_scan *s, enum box_kind box, struct err *err)
{
    int fd = file_open(box_folder(s->spool, box), ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    enum status status = STATUS_OK;
    const struct dirent *e;

    if (d == NULL) {
        status = err_errno(err, "cannot read the folder %s", box_kind_name(box));
        file_close(&fd);
        return status;
    }
    while (status == STATUS_OK && (errno = 0, e = readdir(d)) != NULL)
        status = add_file(s, box, e->d_name, err);
    if (status == STATUS_OK && errno != 0)
        status = err_errno(err, "cannot read the folder %s", box_kind_name(box));
    closedir(d);
    return status;
}

static int by_time(const void *a, const void *b)
{
    const struct rejected_ref *x = a, *y = b;

    if (x->received_ns != y->received_ns)
        return x->received_ns < y->received_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

enum status rejected_scan(struct rejected_refs *out, const struct spool *spool, unsigned boxes,
                          rejected_tell tell, void *context, struct err *err)
{
    struct box_scan s = {.spool = spool, .tell = tell, .context = context};
    enum status status = STATUS_OK;

    for (int box = BOX_QUARANTINED; status == STATUS_OK && box <= BOX_REFUSED; box++)
        if ((boxes & 1U << box) != 0)
            status = scan_box(&s, (enum box_kind)box, err);
    if (status != STATUS_OK) {
        rejected_refs_free(&s.refs);
        return status;
    }
    if (s.refs.count > 1)
        qsort(s.refs.list, s.refs.count, sizeof *s.refs.list, by_time);
    *out = s.refs;
    return STATUS_OK;
}

void rejected_refs_free(struct rejected_refs *refs)
{
    free(refs->list);
    refs->list = NULL;
    refs->count = 0;
}

enum status rejected_remove(const struct rejected_ref *ref, const struct spool *spool,
                            struct err *err)
{
    if (unlinkat(box_folder(spool, ref->box), ref->name, 0) < 0 && errno != ENOENT)
        return err_errno(err, "cannot remove %s/%s", box_kind_name(ref->box), ref->name);
    return STATUS_OK;
}

enum status rejected_sync(const struct spool *spool, struct err *err)
{
    if (file_sync_dir(spool->quarantine) < 0 || file_sync_dir(spool->refused) < 0)
        return err_errno(err, "cannot sync the boxes");
    return STATUS_OK;
}

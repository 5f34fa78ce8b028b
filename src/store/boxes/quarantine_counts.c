/* SPDX-License-Identifier: MIT
 * quarantine_counts - see store/boxes/quarantine_counts.h.
 */
#include "store/boxes/quarantine_counts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"

#define MAGIC UINT64_C(0x31746e6172617571)
#define PLACE SPOOL_QUARANTINE "/" SPOOL_BOX_COUNTS

struct tag_row {
    uint32_t tag;
    uint32_t count;
    uint64_t bytes;
};

/* What the file holds: the head, and as many rows as are used. */
struct counts {
    uint64_t magic;
    uint32_t crc; /* of all the rest */
    uint32_t used;
    uint64_t all; /* entries of the box */
    int64_t swept_s;
    struct tag_row rows[QUARANTINE_ROWS + 1]; /* the last is never used */
};

/* The file, locked. */
struct counts_file {
    int fd;
    bool sound; /* as it was read */
    struct counts counts;
};

uint32_t quarantine_tag(const char *endpoint)
{
    return crc32c(0, endpoint, strlen(endpoint));
}

/* ---- the folder */

/* Whether this is an entry; *tag is 0 if its name has none, as that of an older version's. */
static bool read_name(const char *name, uint32_t *tag)
{
    const char *digits = name + SPOOL_BOX_DIGITS - QUARANTINE_TAG_DIGITS;
    size_t len = strspn(name, "0123456789abcdef");

    *tag = 0;
    if (len == SPOOL_BOX_DIGITS)
        (void)sscanf(digits, "%8" SCNx32, tag);
    return name[0] != '.' && str_ends(str_of(name), SPOOL_BOX_SUFFIX);
}

static void add_entry(struct quarantine_tally *t, const struct stat *sb)
{
    int64_t at_ns = (int64_t)sb->st_mtim.tv_sec * NS_PER_S + sb->st_mtim.tv_nsec;

    t->count++;
    t->bytes += (uint64_t)sb->st_size;
    if (at_ns < t->oldest_ns)
        t->oldest_ns = at_ns;
}

static void tally_one(int dir, const char *name, struct quarantine_tally *rows, size_t count,
                      struct quarantine_tally *all)
{
    struct stat sb;
    uint32_t tag;

    if (!read_name(name, &tag) || fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    add_entry(all, &sb);
    for (size_t i = 0; i < count; i++)
        if (rows[i].tag == tag)
            add_entry(&rows[i], &sb);
}

enum status quarantine_count(const struct spool *spool, struct quarantine_tally *rows, size_t count,
                             struct quarantine_tally *all, struct err *err)
{
    /* A descriptor of its own: threads share the position of a shared one. */
    int fd = file_open(spool->quarantine, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    enum status status = STATUS_OK;
    const struct dirent *entry;

    if (d == NULL) {
        status = err_errno(err, "cannot read the quarantine");
        file_close(&fd);
        return status;
    }
    *all = (struct quarantine_tally){.oldest_ns = INT64_MAX};
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct quarantine_tally){.tag = rows[i].tag, .oldest_ns = INT64_MAX};
    while (all->count < QUARANTINE_ALL_MAX && (errno = 0, entry = readdir(d)) != NULL)
        tally_one(fd, entry->d_name, rows, count, all);
    if (all->count < QUARANTINE_ALL_MAX && errno != 0)
        status = err_errno(err, "cannot read the quarantine");
    closedir(d);
    return status;
}

unsigned quarantine_percent(const struct quarantine_tally *tally, uint64_t bytes_max)
{
    uint64_t count = tally->count * 100 / QUARANTINE_COUNT_MAX;
    uint64_t bytes = bytes_max < 100 ? 100 : tally->bytes / (bytes_max / 100);

    return (unsigned)(count > bytes ? count : bytes);
}

/* ---- the file */

static size_t size_of(const struct counts *c)
{
    return offsetof(struct counts, rows) + c->used * sizeof *c->rows;
}

static uint32_t crc_of(const struct counts *c)
{
    size_t from = offsetof(struct counts, used);

    return crc32c(0, (const char *)c + from, size_of(c) - from);
}

static bool read_counts(int fd, struct counts *c)
{
    ssize_t got = file_pread(fd, c, sizeof *c, 0);

    return got >= (ssize_t)offsetof(struct counts, rows) && c->magic == MAGIC &&
           c->used <= QUARANTINE_ROWS && (size_t)got >= size_of(c) && c->crc == crc_of(c);
}

static enum status open_counts(struct counts_file *f, const struct spool *spool,
                               uint64_t deadline_ns, struct err *err)
{
    enum status status;
    int saved;

    f->fd = file_open(spool->quarantine, SPOOL_BOX_COUNTS, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (f->fd < 0)
        return err_errno(err, "cannot open " PLACE);
    if (file_lock(f->fd, deadline_ns) < 0) {
        saved = errno;
        file_close(&f->fd);
        errno = saved;
        status = saved == EWOULDBLOCK
                     ? err_set(err, STATUS_DEADLINE, "no time left to wait for " PLACE)
                     : err_errno(err, "cannot lock " PLACE);
        return status;
    }
    f->sound = read_counts(f->fd, &f->counts);
    if (!f->sound)
        f->counts = (struct counts){.magic = MAGIC};
    return STATUS_OK;
}

/* The file's time is that of the last sweep, so that whether one is due costs no more than a look
 * at it. */
static void close_counts(struct counts_file *f, const struct spool *spool)
{
    struct timespec swept = {.tv_sec = (time_t)f->counts.swept_s};
    struct timespec times[2] = {swept, swept};

    f->counts.crc = crc_of(&f->counts);
    /* What could not be written is counted anew by the next sweep. */
    (void)file_pwrite(f->fd, &f->counts, size_of(&f->counts), 0);
    (void)utimensat(spool->quarantine, SPOOL_BOX_COUNTS, times, AT_SYMLINK_NOFOLLOW);
    file_close(&f->fd);
}

/* Returns the number of the tag's row; c->used: there is none. */
static uint32_t row_of(const struct counts *c, uint32_t tag)
{
    uint32_t i = 0;

    while (i < c->used && c->rows[i].tag != tag)
        i++;
    return i;
}

/* Rows without entries are of no use. */
static void drop_empty_rows(struct counts *c)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < c->used; i++)
        if (c->rows[i].count > 0)
            c->rows[used++] = c->rows[i];
    c->used = used;
}

/* On failure the counts are as they were. */
static enum status recount(struct counts *c, const struct spool *spool, struct err *err)
{
    struct quarantine_tally rows[QUARANTINE_ROWS];
    struct quarantine_tally all;
    enum status status;

    for (uint32_t i = 0; i < c->used; i++)
        rows[i].tag = c->rows[i].tag;
    status = quarantine_count(spool, rows, c->used, &all, err);
    if (status != STATUS_OK)
        return status;
    c->all = all.count;
    for (uint32_t i = 0; i < c->used; i++) {
        c->rows[i].count = (uint32_t)rows[i].count;
        c->rows[i].bytes = rows[i].bytes;
    }
    return STATUS_OK;
}

/* An endpoint that has no row yet gets one, and all are counted: its entries may be there already,
 * as after the file was damaged. */
static enum status make_row(struct counts *c, uint32_t tag, const struct spool *spool,
                            struct err *err)
{
    enum status status;

    if (row_of(c, tag) < c->used)
        return STATUS_OK;
    if (c->used == QUARANTINE_ROWS)
        drop_empty_rows(c);
    if (c->used == QUARANTINE_ROWS)
        return err_set(err, STATUS_LIMIT, "the quarantine is full of %d endpoints' entries",
                       QUARANTINE_ROWS);
    c->rows[c->used++] = (struct tag_row){.tag = tag};
    status = recount(c, spool, err);
    if (status != STATUS_OK)
        c->used--;
    return status;
}

/* ---- room */

static enum status take_room(struct counts *c, struct tag_row *row, uint64_t size,
                             uint64_t bytes_max, struct err *err)
{
    if (row->count >= QUARANTINE_COUNT_MAX || c->all >= QUARANTINE_ALL_MAX)
        return err_set(err, STATUS_LIMIT,
                       "the quarantine is full (%" PRIu32 " entries of this endpoint, %" PRIu64
                       " of all): stenohook rejected list --box quarantine",
                       row->count, c->all);
    if (row->bytes > bytes_max || size > bytes_max - row->bytes)
        return err_set(err, STATUS_LIMIT,
                       "the quarantine is full (%" PRIu64 " bytes and %" PRIu64
                       " more, quarantine-max is %" PRIu64
                       "): stenohook rejected list --box quarantine",
                       row->bytes, size, bytes_max);
    row->count++;
    row->bytes += size;
    c->all++;
    return STATUS_OK;
}

enum status quarantine_charge(const struct spool *spool, const char *name, uint64_t size,
                              const struct quarantine_quota *quota, bool *charged, struct err *err)
{
    struct counts *c;
    struct counts_file file;
    struct stat sb;
    uint32_t tag;
    enum status status;

    *charged = false;
    if (fstatat(spool->quarantine, name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
        return STATUS_OK;
    (void)read_name(name, &tag);
    status = open_counts(&file, spool, quota->deadline_ns, err);
    if (status != STATUS_OK)
        return status;
    c = &file.counts;
    status = make_row(c, tag, spool, err);
    if (status == STATUS_OK)
        status = take_room(c, &c->rows[row_of(c, tag)], size, quota->bytes_max, err);
    *charged = status == STATUS_OK;
    close_counts(&file, spool);
    return status;
}

void quarantine_discharge(const struct spool *spool, const char *name, uint64_t size,
                          const struct quarantine_quota *quota)
{
    struct counts_file file;
    struct tag_row *row;
    uint32_t tag;

    (void)read_name(name, &tag);
    if (open_counts(&file, spool, quota->deadline_ns, NULL) != STATUS_OK)
        return;
    row = &file.counts.rows[row_of(&file.counts, tag)];
    /* A sweep in between may have counted without it. */
    if (row < &file.counts.rows[file.counts.used] && row->count > 0 && row->bytes >= size) {
        row->count--;
        row->bytes -= size;
        file.counts.all -= file.counts.all > 0;
    }
    close_counts(&file, spool);
}

/* ---- sweep */

/* A clock that was set back must not stop the sweeps. */
static bool is_due(int64_t swept_s, int64_t now_s)
{
    return now_s - swept_s >= QUARANTINE_SWEEP_S || now_s < swept_s;
}

bool quarantine_claim_sweep(const struct spool *spool, int64_t now_ns)
{
    int64_t now_s = now_ns / NS_PER_S;
    BUF_UNSET struct counts_file file;
    struct stat sb;
    bool due;

    if (fstatat(spool->quarantine, SPOOL_BOX_COUNTS, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
        !is_due((int64_t)sb.st_mtime, now_s))
        return false;
    if (open_counts(&file, spool, 0, NULL) != STATUS_OK)
        return false;
    due = !file.sound || is_due(file.counts.swept_s, now_s);
    if (due)
        file.counts.swept_s = now_s;
    close_counts(&file, spool);
    return due;
}

void quarantine_recount(const struct spool *spool)
{
    struct counts_file file;

    if (open_counts(&file, spool, 0, NULL) != STATUS_OK)
        return;
    (void)!recount(&file.counts, spool, NULL);
    close_counts(&file, spool);
}

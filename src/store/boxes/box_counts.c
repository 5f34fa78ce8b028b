/* SPDX-License-Identifier: MIT
 * box_counts - see store/boxes/box_counts.h.
 */
#include "store/boxes/box_counts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/id.h"

#define MAGIC UINT64_C(0x3330656761737531)
/* Entries that a sweep reads of one folder: far more than the boxes may hold. */
#define SWEEP_MAX 100000

/* What comes before the rows. */
struct image {
    uint64_t magic;
    struct box_counts counts;
    uint64_t rows;
    uint64_t crc; /* of all that comes before it, and of the rows */
};

static uint64_t image_crc(const struct image *image, const struct box_table *table)
{
    uint32_t crc = crc32c(0, image, offsetof(struct image, crc));

    return crc32c(crc, table->rows, table->count * sizeof *table->rows);
}

/* ---- the file */

static bool read_rows(int fd, struct box_table *table, uint64_t rows)
{
    size_t len = (size_t)rows * sizeof *table->rows;

    if (rows > sizeof table->rows / sizeof *table->rows ||
        file_pread(fd, table->rows, len, sizeof(struct image)) != (ssize_t)len)
        return false;
    table->count = rows;
    return true;
}

static bool read_file(struct box_counts_file *file)
{
    struct image image;

    if (file_pread(file->fd, &image, sizeof image, 0) != (ssize_t)sizeof image ||
        image.magic != MAGIC || !read_rows(file->fd, file->table, image.rows) ||
        image.crc != image_crc(&image, file->table))
        return false;
    file->counts = image.counts;
    return true;
}

static void write_file(const struct box_counts_file *file)
{
    const struct box_table *table = file->table;
    size_t to = file->to < table->count ? file->to : table->count;
    struct image image;

    memset(&image, 0, sizeof image);
    image.magic = MAGIC;
    image.counts = file->counts;
    image.rows = table->count;
    image.crc = image_crc(&image, table);
    /* What could not be written is counted anew by the next sweep. */
    if (file->from < to &&
        file_pwrite(file->fd, &table->rows[file->from], (to - file->from) * sizeof *table->rows,
                    (off_t)(sizeof image + file->from * sizeof *table->rows)) != 0)
        return;
    (void)file_pwrite(file->fd, &image, sizeof image, 0);
}

static void touch_row(struct box_counts_file *file, size_t row)
{
    if (file->from == file->to) {
        file->from = row;
        file->to = row + 1;
        return;
    }
    file->from = row < file->from ? row : file->from;
    file->to = row + 1 > file->to ? row + 1 : file->to;
}

static void sum_rows(struct box_counts_file *file)
{
    for (int class = 0; class < BOX_CLASSES; class ++) {
        struct spool_amount sum = box_table_sum(file->table, (enum box_class) class);

        file->counts.count[class] = sum.files;
        file->counts.bytes[class] = sum.bytes;
    }
}

/* ---- the folder */

struct sweep {
    struct box_counts *counts;
    struct box_table *table;
    size_t sorted;
    int64_t now_s;
};

/* A file with a temporary name. */
static void count_unfinished(const struct sweep *s, const char *name, const struct stat *sb)
{
    enum box_class class =
        str_ends(str_of(name), SPOOL_BOX_PUBLISHED_SUFFIX) ? BOX_PUBLISHED : BOX_STRANGER;

    s->counts->unfinished[class]++;
    s->counts->unfinished_bytes[class] += (uint64_t)sb->st_size;
}

/* Counts a file of the folder, or removes it because of its age. */
static void sweep_one(const struct sweep *s, int dir, const char *name, bool refused)
{
    bool temporary = str_starts(str_of(name), SPOOL_BOX_TMP_PREFIX);
    struct box_row row = {0};
    struct stat sb;

    if (!temporary && (!refused || !box_row_parse(&row, name)))
        return;
    if (fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(sb.st_mode))
        return;
    if (s->now_s - (int64_t)sb.st_mtime > (temporary ? BOX_TMP_AGE_S : BOX_AGE_MAX_S) &&
        unlinkat(dir, name, 0) == 0)
        return;
    row.bytes = sb.st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)sb.st_size;
    if (refused && temporary)
        count_unfinished(s, name, &sb);
    else if (refused)
        box_table_see(s->table, s->sorted, &row);
}

static void sweep_folder(const struct sweep *s, int dir, bool refused)
{
    /* A descriptor of its own: threads share the position of a shared one. */
    int fd = file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (d == NULL) {
        file_close(&fd);
        return;
    }
    for (unsigned i = 0; i < SWEEP_MAX && (entry = readdir(d)) != NULL; i++)
        sweep_one(s, dir, entry->d_name, refused);
    closedir(d);
}

static void sweep_boxes(struct box_counts_file *file, const struct spool *spool, int64_t now_s)
{
    struct sweep s = {&file->counts, file->table, file->table->count, now_s};

    memset(&file->counts, 0, sizeof file->counts);
    box_table_begin(file->table);
    sweep_folder(&s, spool->refused, true);
    sweep_folder(&s, spool->quarantine, false);
    box_table_end(file->table);
    sum_rows(file);
    file->counts.swept_s = now_s;
    file->from = 0;
    file->to = file->table->count;
}

static bool sweep_due(const struct box_counts *counts, int64_t now_s)
{
    /* A clock that was set back must not stop the sweeps. */
    return now_s - counts->swept_s >= BOX_SWEEP_S || now_s < counts->swept_s;
}

static enum status lock_file(int *out, const struct spool *spool, uint64_t wait_ns, struct err *err)
{
    int fd = file_open(spool->refused, SPOOL_BOX_COUNTS, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    enum status status;

    if (fd < 0)
        return err_errno(err, "cannot open " SPOOL_REFUSED "/" SPOOL_BOX_COUNTS);
    if ((wait_ns == 0 ? file_trylock(fd) : file_lock(fd, clock_mono_ns() + wait_ns)) == 0) {
        *out = fd;
        return STATUS_OK;
    }
    status = errno == EWOULDBLOCK
                 ? err_set(err, STATUS_LIMIT, SPOOL_REFUSED "/" SPOOL_BOX_COUNTS " is locked")
                 : err_errno(err, "cannot lock " SPOOL_REFUSED "/" SPOOL_BOX_COUNTS);
    file_close(&fd);
    return status;
}

enum status box_counts_open(struct box_counts_file *file, const struct spool *spool, int64_t now_ns,
                            uint64_t wait_ns, struct err *err)
{
    struct box_counts_file f = {.fd = -1, .table = malloc(sizeof *f.table)};
    int64_t now_s = now_ns / NS_PER_S;
    enum status status = STATUS_OK;

    if (f.table == NULL)
        status = err_set(err, STATUS_MEMORY, "no memory for the counts of the refused box");
    else
        status = lock_file(&f.fd, spool, wait_ns, err);
    if (status != STATUS_OK) {
        free(f.table);
        return status;
    }
    f.table->count = 0;
    if (!read_file(&f)) {
        f.table->count = 0;
        sweep_boxes(&f, spool, now_s);
    } else if (sweep_due(&f.counts, now_s)) {
        sweep_boxes(&f, spool, now_s);
    }
    *file = f;
    return STATUS_OK;
}

void box_counts_close(struct box_counts_file *file)
{
    write_file(file);
    file_close(&file->fd);
    free(file->table);
}

/* ---- entries */

static void remove_row(struct box_counts_file *file, size_t row)
{
    box_table_remove(file->table, row);
    touch_row(file, row);
}

static enum status remove_entry(struct box_counts_file *file, const struct spool *spool, size_t row,
                                struct err *err)
{
    char name[SPOOL_BOX_NAME_MAX];

    box_row_name(&file->table->rows[row], name);
    if (unlinkat(spool->refused, name, 0) < 0 && errno != ENOENT)
        return err_errno(err, "cannot remove " SPOOL_REFUSED "/%s", name);
    remove_row(file, row);
    return STATUS_OK;
}

static enum status make_room(struct box_counts_file *file, const struct spool *spool,
                             const struct box_row *row, const struct box_room *room,
                             struct err *err)
{
    enum status status = STATUS_OK;

    for (;;) {
        size_t victim = 0;
        uint64_t random = 0;

        if (id_random(&random, sizeof random, NULL) != STATUS_OK)
            random = row->network + row->digest[0];
        switch (box_table_judge(file->table, row, room, random, &victim)) {
        case BOX_FITS:
            return STATUS_OK;
        case BOX_FULL:
            return err_set(err, STATUS_LIMIT, "the refused box is full");
        case BOX_REPLACES:
            status = remove_entry(file, spool, victim, err);
            if (status != STATUS_OK)
                return status;
        }
    }
}

enum status box_counts_add(struct box_counts_file *file, const struct spool *spool,
                           const struct box_row *row, const struct box_room *room, struct err *err)
{
    enum status status = make_room(file, spool, row, room, err);

    if (status == STATUS_OK && !box_table_add(file->table, row))
        status = err_set(err, STATUS_LIMIT, "the refused box is full");
    if (status == STATUS_OK)
        touch_row(file, file->table->count - 1);
    sum_rows(file);
    return status;
}

void box_counts_take_back(struct box_counts_file *file)
{
    remove_row(file, file->table->count - 1);
    sum_rows(file);
}

uint64_t box_counts_room(const struct box_counts *counts, enum box_class class, uint64_t bytes_max)
{
    uint64_t bytes = counts->bytes[class] + counts->unfinished_bytes[class];

    if (counts->count[class] + counts->unfinished[class] >= BOX_COUNT_MAX || bytes >= bytes_max)
        return 0;
    return bytes_max - bytes;
}

struct box_charge box_counts_charge(struct box_counts *counts, enum box_class class, uint64_t bytes)
{
    counts->unfinished[class]++;
    counts->unfinished_bytes[class] += bytes;
    return (struct box_charge){class, bytes, counts->swept_s};
}

void box_counts_discharge(struct box_counts *counts, struct box_charge *charge)
{
    uint64_t *files = &counts->unfinished[charge->class];
    uint64_t *bytes = &counts->unfinished_bytes[charge->class];

    /* Two counts of the folder may be of the same second. */
    if (charge->bytes > 0 && charge->swept_s == counts->swept_s) {
        *files -= *files > 0 ? 1 : 0;
        *bytes -= *bytes < charge->bytes ? *bytes : charge->bytes;
    }
    charge->bytes = 0;
}

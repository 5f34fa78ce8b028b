/* SPDX-License-Identifier: MIT
 * box_counts - see store/boxes/box_counts.h.
 */
#include "store/boxes/box_counts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"

#define MAGIC UINT64_C(0x3230656761737531)
/* Entries that a sweep reads of one folder: far more than the boxes may hold. */
#define SWEEP_MAX 100000

struct image {
    uint64_t magic;
    struct box_counts counts;
    uint64_t crc;
};

static uint64_t image_crc(const struct image *image)
{
    return crc32c(0, image, offsetof(struct image, crc));
}

static bool read_counts(int fd, struct box_counts *counts)
{
    struct image image;

    if (file_pread(fd, &image, sizeof image, 0) != (ssize_t)sizeof image || image.magic != MAGIC ||
        image.crc != image_crc(&image))
        return false;
    *counts = image.counts;
    return true;
}

/* Counts a file of the folder, or removes it because of its age. */
static void sweep_one(int dir, const char *name, bool refused, int64_t now_s,
                      struct box_counts *counts)
{
    bool temporary = str_starts(str_of(name), SPOOL_BOX_TMP_PREFIX);
    enum box_class class =
        str_ends(str_of(name), SPOOL_BOX_PUBLISHED_SUFFIX) ? BOX_PUBLISHED : BOX_STRANGER;
    int64_t age_max = temporary ? BOX_TMP_AGE_S : BOX_AGE_MAX_S;
    struct stat sb;

    if (!temporary && (!refused || !str_ends(str_of(name), SPOOL_BOX_SUFFIX)))
        return;
    if (fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(sb.st_mode))
        return;
    if (now_s - (int64_t)sb.st_mtime > age_max && unlinkat(dir, name, 0) == 0)
        return;
    if (!refused)
        return;
    (temporary ? counts->unfinished : counts->count)[class]++;
    (temporary ? counts->unfinished_bytes : counts->bytes)[class] += (uint64_t)sb.st_size;
}

static void sweep_folder(int dir, bool refused, int64_t now_s, struct box_counts *counts)
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
        sweep_one(dir, entry->d_name, refused, now_s, counts);
    closedir(d);
}

static void sweep_boxes(const struct spool *spool, int64_t now_s, struct box_counts *counts)
{
    memset(counts->count, 0, sizeof counts->count);
    memset(counts->bytes, 0, sizeof counts->bytes);
    memset(counts->unfinished, 0, sizeof counts->unfinished);
    memset(counts->unfinished_bytes, 0, sizeof counts->unfinished_bytes);
    sweep_folder(spool->refused, true, now_s, counts);
    sweep_folder(spool->quarantine, false, now_s, counts);
    counts->swept_s = now_s;
}

static bool sweep_due(const struct box_counts *counts, int64_t now_s)
{
    /* A clock that was set back must not stop the sweeps. */
    return now_s - counts->swept_s >= BOX_SWEEP_S || now_s < counts->swept_s;
}

enum status box_counts_open(struct box_counts_file *file, const struct spool *spool, int64_t now_ns,
                            uint64_t wait_ns, struct err *err)
{
    int64_t now_s = now_ns / NS_PER_S;
    int fd = file_open(spool->refused, SPOOL_BOX_COUNTS, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    int locked;

    if (fd < 0)
        return err_errno(err, "cannot open " SPOOL_REFUSED "/" SPOOL_BOX_COUNTS);
    locked = wait_ns == 0 ? file_trylock(fd) : file_lock(fd, clock_mono_ns() + wait_ns);
    if (locked < 0) {
        enum status status =
            errno == EWOULDBLOCK
                ? err_set(err, STATUS_LIMIT, SPOOL_REFUSED "/" SPOOL_BOX_COUNTS " is locked")
                : err_errno(err, "cannot lock " SPOOL_REFUSED "/" SPOOL_BOX_COUNTS);

        file_close(&fd);
        return status;
    }
    file->fd = fd;
    memset(&file->counts, 0, sizeof file->counts);
    if (!read_counts(fd, &file->counts) || sweep_due(&file->counts, now_s))
        sweep_boxes(spool, now_s, &file->counts);
    return STATUS_OK;
}

void box_counts_close(struct box_counts_file *file)
{
    struct image image;

    memset(&image, 0, sizeof image);
    image.magic = MAGIC;
    image.counts = file->counts;
    image.crc = image_crc(&image);
    /* What could not be written is counted anew by the next sweep. */
    (void)file_pwrite(file->fd, &image, sizeof image, 0);
    file_close(&file->fd);
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

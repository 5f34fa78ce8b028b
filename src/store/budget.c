/* SPDX-License-Identifier: MIT
 * budget - see store/budget.h.
 */
#include "store/budget.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "core/auth/auth.h"

#define MAGIC UINT64_C(0x3174656764756273) /* "sbudget1" */
#define DAY_NS (INT64_C(86400) * NS_PER_S)
#define NAME_SIZE (sizeof SPOOL_BUDGET_PREFIX + CONFIG_NAME_MAX)

/* In the byte order of the machine, whose own file it is. */
struct budget_image {
    uint64_t magic;
    struct daily_budget used;
    uint64_t crc; /* of all before */
};

/* ---- what is used */

bool budget_applies(const struct config_endpoint *e)
{
    return !auth_proves(e) && (e->daily_events_max != 0 || e->daily_bytes_max != 0);
}

static bool is_beyond(uint64_t used, uint64_t more, uint64_t max)
{
    return max != 0 && (used > max || more > max - used);
}

bool budget_spent(const struct daily_budget *used, const struct config_endpoint *e)
{
    return budget_applies(e) && (is_beyond(used->events, 1, e->daily_events_max) ||
                                 is_beyond(used->bytes, 1, e->daily_bytes_max));
}

static int64_t day_of(int64_t now_ns)
{
    return now_ns / DAY_NS;
}

/* ---- the file */

static uint64_t image_crc(const struct budget_image *image)
{
    return crc32c(0, image, offsetof(struct budget_image, crc));
}

/* Of another day, nothing is used, also after the clock was set back. */
static void read_used(int fd, int64_t day, struct daily_budget *out)
{
    struct budget_image image;

    *out = (struct daily_budget){.day = day};
    if (file_pread(fd, &image, sizeof image, 0) == (ssize_t)sizeof image && image.magic == MAGIC &&
        image.crc == image_crc(&image) && image.used.day == day)
        *out = image.used;
}

static enum status write_used(int fd, const char *name, const struct daily_budget *used,
                              struct err *err)
{
    struct budget_image image;

    memset(&image, 0, sizeof image);
    image.magic = MAGIC;
    image.used = *used;
    image.crc = image_crc(&image);
    /* No sync: after a power cut an older count is on disk, or none, which costs one more budget at
     * most. A sync would double what such an event costs the disk. */
    if (file_pwrite(fd, &image, sizeof image, 0) != 0)
        return err_errno(err, "cannot write %s", name);
    return STATUS_OK;
}

static void print_name(char name[NAME_SIZE], const struct config_endpoint *e)
{
    (void)snprintf(name, NAME_SIZE, SPOOL_BUDGET_PREFIX "%s", e->name);
}

static enum status open_locked(int *out, const struct spool *spool, const char *name,
                               uint64_t deadline_ns, struct err *err)
{
    uint64_t until_ns = clock_mono_ns() + BUDGET_WAIT_MS * (uint64_t)NS_PER_MS;
    enum status status = STATUS_OK;
    int fd = file_open(spool->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_errno(err, "cannot open %s", name);
    if (file_lock(fd, until_ns < deadline_ns ? until_ns : deadline_ns) < 0) {
        status = errno == EWOULDBLOCK ? err_set(err, STATUS_DEADLINE, "%s is locked", name)
                                      : err_errno(err, "cannot lock %s", name);
        file_close(&fd);
        return status;
    }
    *out = fd;
    return STATUS_OK;
}

/* ---- take, return, read */

static enum status refuse(const struct config_endpoint *e, const struct daily_budget *used,
                          uint64_t bytes, struct err *err)
{
    return err_set(err, STATUS_BUDGET,
                   "the budget of today (UTC) is used up: %" PRIu64 " events and %" PRIu64
                   " bytes are on record, and this one has %" PRIu64
                   "; see daily-events-max (%" PRIu64 ") and daily-bytes-max (%" PRIu64 ")",
                   used->events, used->bytes, bytes, e->daily_events_max, e->daily_bytes_max);
}

enum status budget_take(const struct spool *spool, const struct config_endpoint *e, uint64_t bytes,
                        int64_t now_ns, uint64_t deadline_ns, struct err *err)
{
    char name[NAME_SIZE];
    struct daily_budget used;
    enum status status;
    int fd = -1;

    print_name(name, e);
    status = open_locked(&fd, spool, name, deadline_ns, err);
    if (status != STATUS_OK)
        return status;
    read_used(fd, day_of(now_ns), &used);
    if (is_beyond(used.events, 1, e->daily_events_max) ||
        is_beyond(used.bytes, bytes, e->daily_bytes_max)) {
        status = refuse(e, &used, bytes, err);
    } else {
        used.events++;
        used.bytes += bytes;
        status = write_used(fd, name, &used, err);
    }
    file_close(&fd);
    return status;
}

/* Changes what is used without a word of what goes wrong. */
static void change_used(const struct spool *spool, const struct config_endpoint *e, int64_t now_ns,
                        uint64_t deadline_ns,
                        bool (*change)(struct daily_budget *used, uint64_t bytes), uint64_t bytes)
{
    char name[NAME_SIZE];
    struct daily_budget used;
    int fd = -1;

    print_name(name, e);
    if (open_locked(&fd, spool, name, deadline_ns, NULL) != STATUS_OK)
        return;
    read_used(fd, day_of(now_ns), &used);
    if (change(&used, bytes))
        (void)!write_used(fd, name, &used, NULL);
    file_close(&fd);
}

static bool add_refused(struct daily_budget *used, uint64_t bytes)
{
    (void)bytes;
    used->refused++;
    return true;
}

void budget_count_refused(const struct spool *spool, const struct config_endpoint *e,
                          int64_t now_ns, uint64_t deadline_ns)
{
    change_used(spool, e, now_ns, deadline_ns, add_refused, 0);
}

static bool give_back(struct daily_budget *used, uint64_t bytes)
{
    if (used->events == 0 || used->bytes < bytes)
        return false;
    used->events--;
    used->bytes -= bytes;
    return true;
}

void budget_return(const struct spool *spool, const struct config_endpoint *e, uint64_t bytes,
                   int64_t now_ns, uint64_t deadline_ns)
{
    change_used(spool, e, now_ns, deadline_ns, give_back, bytes);
}

void budget_read(const struct spool *spool, const struct config_endpoint *e, int64_t now_ns,
                 struct daily_budget *out)
{
    char name[NAME_SIZE];
    int fd;

    print_name(name, e);
    fd = file_open(spool->dir, name, O_RDONLY | O_NOFOLLOW, 0);
    *out = (struct daily_budget){.day = day_of(now_ns)};
    if (fd >= 0)
        read_used(fd, day_of(now_ns), out);
    file_close(&fd);
}

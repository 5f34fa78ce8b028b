/* SPDX-License-Identifier: MIT
 * log_budget - see store/spool/log_budget.h.
 */
#include "store/spool/log_budget.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"

#define MAGIC UINT64_C(0x3174676475626c73)
#define MINUTE_S 60
#define HOUR_S 3600
/* A line may come so much later than its time, and then belongs to the minute that has begun. Time
 * that goes back further was set back. */
#define LATE_MINUTES 2
/* For lines that must not be lost: the lock is held for microseconds. */
#define WAIT_NS (20 * NS_PER_MS)

struct share {
    uint32_t minute, hour; /* lines written in them */
    uint32_t left_out;     /* in this minute */
};

struct budget {
    uint64_t magic;
    int64_t minute, hour; /* since 1970 */
    struct share shares[LOG_KINDS][STATUS_COUNT];
    uint64_t crc;
};

static uint64_t budget_crc(const struct budget *budget)
{
    return crc32c(0, budget, offsetof(struct budget, crc));
}

/* Damage, or the counts of another version, is no news: all budgets are whole then. */
static void read_budget(int fd, struct budget *budget)
{
    if (file_pread(fd, budget, sizeof *budget, 0) != (ssize_t)sizeof *budget ||
        budget->magic != MAGIC || budget->crc != budget_crc(budget))
        memset(budget, 0, sizeof *budget);
    budget->magic = MAGIC;
}

static bool write_budget(int fd, struct budget *budget)
{
    budget->crc = budget_crc(budget);
    return file_pwrite(fd, budget, sizeof *budget, 0) == 0;
}

static void add_counts(struct buf *out, const struct share shares[STATUS_COUNT], const char *whose)
{
    bool first = true;

    for (int status = 0; status < STATUS_COUNT; status++) {
        if (shares[status].left_out == 0)
            continue;
        buf_printf(out, "%s%" PRIu32 " %s", first ? whose : ", ", shares[status].left_out,
                   status == STATUS_OK ? "warnings" : status_name((enum status)status));
        first = false;
    }
}

static void print_closing(const struct budget *budget, char closing[LOG_BUDGET_CLOSING_MAX])
{
    static const char *const whose[LOG_KINDS] = {
        [LOG_OF_STRANGERS] = "; without the secret: ",
        [LOG_OF_SENDERS] = "; with the secret: ",
        [LOG_OF_NOTES] = "; about files: ",
        [LOG_OF_HOOKS] = "; about hooks: ",
    };
    char time[CLOCK_ISO_MAX];
    struct buf text;

    clock_iso(budget->minute * MINUTE_S * NS_PER_S, time);
    buf_init(&text, LOG_BUDGET_CLOSING_MAX - 1);
    buf_printf(&text, "lines left out in the minute from %.16sZ", time);
    for (int kind = 0; kind < LOG_KINDS; kind++)
        add_counts(&text, budget->shares[kind], whose[kind]);
    /* What does not fit is not said. */
    memcpy(closing, text.ptr == NULL ? "" : text.ptr, text.len + 1);
    buf_free(&text);
}

static bool any_left_out(const struct budget *budget)
{
    for (int kind = 0; kind < LOG_KINDS; kind++)
        for (int status = 0; status < STATUS_COUNT; status++)
            if (budget->shares[kind][status].left_out > 0)
                return true;
    return false;
}

static void begin_minute(struct budget *budget, int64_t minute, int64_t hour)
{
    for (int kind = 0; kind < LOG_KINDS; kind++)
        for (int status = 0; status < STATUS_COUNT; status++) {
            struct share *share = &budget->shares[kind][status];

            share->minute = share->left_out = 0;
            if (budget->hour != hour)
                share->hour = 0;
        }
    budget->minute = minute;
    budget->hour = hour;
}

static bool take_line(struct share *share)
{
    if (share->minute >= LOG_BUDGET_MINUTE || share->hour >= LOG_BUDGET_HOUR) {
        share->left_out += share->left_out < UINT32_MAX;
        return false;
    }
    share->minute++;
    share->hour++;
    return true;
}

static bool count_line(int fd, enum log_kind kind, enum status status, int64_t now_ns,
                       char closing[LOG_BUDGET_CLOSING_MAX])
{
    int64_t minute = now_ns / NS_PER_S / MINUTE_S;
    struct budget budget;
    bool due;

    read_budget(fd, &budget);
    if (minute > budget.minute || minute + LATE_MINUTES < budget.minute) {
        if (any_left_out(&budget))
            print_closing(&budget, closing);
        begin_minute(&budget, minute, minute * MINUTE_S / HOUR_S);
    }
    due = take_line(&budget.shares[kind][status]);
    if (write_budget(fd, &budget))
        return due;
    closing[0] = '\0';
    return kind != LOG_OF_STRANGERS;
}

bool log_budget_take(const struct spool *spool, enum log_kind kind, enum status status,
                     int64_t now_ns, char closing[LOG_BUDGET_CLOSING_MAX])
{
    bool stranger = kind == LOG_OF_STRANGERS;
    int fd = file_open(spool->dir, SPOOL_LOG_BUDGET, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    bool due = !stranger;

    closing[0] = '\0';
    if (fd >= 0 && (stranger ? file_trylock(fd) : file_lock(fd, clock_mono_ns() + WAIT_NS)) == 0)
        due = count_line(fd, kind, status, now_ns, closing);
    file_close(&fd);
    return due;
}

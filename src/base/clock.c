/* SPDX-License-Identifier: MIT
 * clock - see base/clock.h.
 */
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

#define S_PER_DAY 86400
/* The first day that clock_iso prints and reads is 0000-01-01, 719528 days before 1970. */
#define DAYS_TO_1970 719528
#define DAYS_PER_ERA 146097 /* 400 years */

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t clock_mono_ns(void)
{
    return (uint64_t)read_clock(CLOCK_MONOTONIC);
}

void clock_sleep_ns(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};

    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
        ;
}

/* Days from 1970-01-01 to a civil date. Years begin in March, so that the leap day is the last of
 * its year. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    unsigned year_of_era = (unsigned)(shifted - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + (int64_t)day_of_era - (DAYS_TO_1970 - 60);
}

static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t shifted = days + (DAYS_TO_1970 - 60);
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    unsigned day_of_era = (unsigned)(shifted - era * DAYS_PER_ERA);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static void put_digits(char *out, unsigned width, uint64_t n)
{
    while (width-- > 0) {
        out[width] = (char)('0' + n % 10);
        n /= 10;
    }
}

void clock_iso(int64_t wall_ns, char out[CLOCK_ISO_MAX])
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    int64_t ms = wall_ns / NS_PER_MS - (wall_ns % NS_PER_MS < 0);
    int64_t s = ms / 1000 - (ms % 1000 < 0);
    int64_t days = s / S_PER_DAY - (s % S_PER_DAY < 0);
    unsigned of_day = (unsigned)(s - days * S_PER_DAY);
    int64_t year;
    unsigned month;
    unsigned day;

    civil_from_days(days, &year, &month, &day);
    memcpy(out, form, sizeof form);
    put_digits(out, 4, (uint64_t)year);
    put_digits(out + 5, 2, month);
    put_digits(out + 8, 2, day);
    put_digits(out + 11, 2, of_day / 3600);
    put_digits(out + 14, 2, of_day / 60 % 60);
    put_digits(out + 17, 2, of_day % 60);
    put_digits(out + 20, 3, (uint64_t)(ms - s * 1000));
}

/* Takes exactly `width` digits off s. */
static bool take_number(struct str *s, unsigned width, unsigned low, unsigned high, unsigned *out)
{
    uint64_t n;

    if (s->len < width || !num_u64((struct str){s->ptr, width}, &n) || n < low || n > high)
        return false;
    s->ptr += width;
    s->len -= width;
    *out = (unsigned)n;
    return true;
}

static bool skip_one(struct str *s, const char *one_of)
{
    if (s->len == 0 || *s->ptr == '\0' || strchr(one_of, *s->ptr) == NULL)
        return false;
    s->ptr++;
    s->len--;
    return true;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1U : 0U);
}

static bool take_fraction(struct str *s, int64_t *ns)
{
    int64_t unit = NS_PER_S / 10;
    bool any = false;

    *ns = 0;
    for (; s->len > 0 && *s->ptr >= '0' && *s->ptr <= '9'; s->ptr++, s->len--) {
        *ns += (*s->ptr - '0') * unit;
        unit /= 10;
        any = true;
    }
    return any;
}

/* Reads the distance from UTC at the end of a time. */
static bool take_zone(struct str *s, int64_t *ns)
{
    bool behind = s->len > 0 && *s->ptr == '-';
    unsigned hours;
    unsigned minutes = 0;

    *ns = 0;
    if (skip_one(s, "Z") || !skip_one(s, "+-"))
        return true;
    if (!take_number(s, 2, 0, 23, &hours))
        return false;
    if ((skip_one(s, ":") || s->len > 0) && !take_number(s, 2, 0, 59, &minutes))
        return false;
    *ns = ((int64_t)hours * 3600 + minutes * 60) * NS_PER_S * (behind ? -1 : 1);
    return true;
}

static bool take_time(struct str *s, int64_t *ns)
{
    unsigned hour;
    unsigned minute;
    unsigned second = 0;
    int64_t fraction = 0;
    int64_t ahead;

    if (!take_number(s, 2, 0, 23, &hour) || !skip_one(s, ":") || !take_number(s, 2, 0, 59, &minute))
        return false;
    if (skip_one(s, ":") && !take_number(s, 2, 0, 59, &second))
        return false;
    if (skip_one(s, ".") && !take_fraction(s, &fraction))
        return false;
    if (!take_zone(s, &ahead))
        return false;
    *ns = ((int64_t)hour * 3600 + minute * 60 + second) * NS_PER_S + fraction - ahead;
    return true;
}

bool clock_iso_parse(struct str s, int64_t *wall_ns)
{
    unsigned year;
    unsigned month;
    unsigned day;
    int64_t of_day = 0;

    /* Nanoseconds in 64 bits reach from 1678 to 2261. */
    if (!take_number(&s, 4, 1678, 2261, &year) || !skip_one(&s, "-") ||
        !take_number(&s, 2, 1, 12, &month) || !skip_one(&s, "-") ||
        !take_number(&s, 2, 1, month_days(year, month), &day))
        return false;
    if (s.len > 0 && (!skip_one(&s, "T ") || !take_time(&s, &of_day)))
        return false;
    if (s.len > 0)
        return false;
    *wall_ns = days_from_civil(year, month, day) * S_PER_DAY * NS_PER_S + of_day;
    return true;
}

#define BOOT_BY_TIME "time:"

void clock_boot_id(char out[CLOCK_BOOT_MAX])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    if (fd >= 0) {
        got = read(fd, out, CLOCK_BOOT_MAX - 1);
        (void)close(fd);
    }
    if (got > 0) {
        out[got] = '\0';
        out[strcspn(out, "\n")] = '\0';
        return;
    }
    (void)snprintf(out, CLOCK_BOOT_MAX, BOOT_BY_TIME "%" PRId64,
                   (read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME)) / NS_PER_S / 60);
}

static bool boot_minute(const char *id, uint64_t *out)
{
    struct str s = str_of(id);

    if (!str_starts(s, BOOT_BY_TIME))
        return false;
    return num_u64((struct str){s.ptr + sizeof BOOT_BY_TIME - 1, s.len - (sizeof BOOT_BY_TIME - 1)},
                   out);
}

bool clock_boot_same(const char *a, const char *b)
{
    uint64_t minute_a;
    uint64_t minute_b;

    if (strcmp(a, b) == 0)
        return true;
    return boot_minute(a, &minute_a) && boot_minute(b, &minute_b) &&
           (minute_a > minute_b ? minute_a - minute_b : minute_b - minute_a) <= 1;
}

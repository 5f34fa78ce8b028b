/* SPDX-License-Identifier: MIT
 * values - see cli/values.h.
 */
#include "cli/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

#define DURATION_MAX_S 86400
#define CHOICES_BYTES 256

enum status value_time(int64_t *out, const char *option, const char *text, int64_t now_ns,
                       struct err *err)
{
    uint64_t seconds;

    if (num_duration(str_of(text), &seconds)) {
        /* A time before 1970 is as good as the beginning. */
        *out = seconds > (uint64_t)(now_ns / NS_PER_S) ? 0 : now_ns - (int64_t)seconds * NS_PER_S;
        return STATUS_OK;
    }
    if (clock_iso_parse(str_of(text), out))
        return STATUS_OK;
    return err_set(err, STATUS_USAGE,
                   "%s: invalid value '%s' (use 24h, 7d, 2026-11-23 or 2026-11-23T07:50:18Z)",
                   option, text);
}

enum status value_number(uint64_t *out, const char *option, const char *text, uint64_t least,
                         uint64_t most, struct err *err)
{
    uint64_t number;

    if (!num_u64(str_of(text), &number) || number < least || number > most)
        return err_set(err, STATUS_USAGE,
                       "%s: invalid value '%s' (use a number from %" PRIu64 " to %" PRIu64 ")",
                       option, text, least, most);
    *out = number;
    return STATUS_OK;
}

enum status value_duration(uint64_t *out_ms, const char *option, const char *text, struct err *err)
{
    uint64_t seconds;

    if (!num_duration(str_of(text), &seconds) || seconds > DURATION_MAX_S)
        return err_set(err, STATUS_USAGE,
                       "%s: invalid value '%s' (use a duration of at most a day, such as 10s)",
                       option, text);
    *out_ms = seconds * 1000;
    return STATUS_OK;
}

enum status value_choice(const char *option, struct str word, const char *choices, struct err *err)
{
    struct str rest = str_of(choices), choice;
    char list[CHOICES_BYTES] = "";
    bool more = true;

    while (more) {
        size_t len = strlen(list);

        more = str_cut(rest, ' ', &choice, &rest);
        if (str_eq(choice, word))
            return STATUS_OK;
        snprintf(list + len, sizeof list - len, "%s%.*s",
                 len == 0 ? ""
                 : more   ? ", "
                          : " or ",
                 (int)choice.len, choice.ptr);
    }
    return err_set(err, STATUS_USAGE, "%s: invalid value '%.*s' (use %s)", option, (int)word.len,
                   word.ptr, list);
}

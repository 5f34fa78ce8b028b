/* SPDX-License-Identifier: MIT
 * options - see cli/options.h.
 */
#include "cli/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

#define SECOND_NS 1000000000
#define DURATION_MAX_S 86400

void options_begin(void)
{
    opterr = 0;
#ifdef __GLIBC__
    optind = 0; /* starts anew, its hidden state included */
#else
    optind = 1;
#endif
}

/* verb NULL: the fault lies before any verb. The help of "rejected show" is that of "rejected". */
static enum status usage(const char *verb, struct err *err, const char *before, const char *word,
                         const char *after)
{
    const char *topic = verb == NULL ? "--help" : verb;

    return err_set(err, STATUS_USAGE, "%s '%s'%s: see 'stenohook %s%.*s'", before, word, after,
                   verb == NULL ? "" : "help ", (int)strcspn(topic, " "), topic);
}

int options_next(int argc, char **argv, const char *letters, const struct option *table,
                 enum status *status, struct err *err)
{
    int c = getopt_long(argc, argv, letters, table, NULL);
    char letter[3] = {'-', (char)optopt, '\0'};
    const char *verb = letters[0] == '+' ? NULL : argv[0];

    *status = STATUS_OK;
    if (c == ':') {
        *status = usage(verb, err, "option", argv[optind - 1], " needs a value");
        return '?';
    }
    if (c == '?') {
        /* A letter that is unknown is named by itself: it may stand in the middle of others. */
        bool is_letter = optopt != 0 && argv[optind - 1][0] == '-' && argv[optind - 1][1] != '-';

        *status = usage(verb, err, "unknown option", is_letter ? letter : argv[optind - 1], "");
        return '?';
    }
    return c;
}

int options_take(const struct options_row *rows, int argc, char **argv, enum status *status,
                 struct err *err)
{
    struct option table[OPTIONS_MAX + 1] = {{0}};
    char letters[2 * OPTIONS_MAX + 2] = ":";
    char *letter = letters + 1;

    for (size_t i = 0; i < OPTIONS_MAX && rows[i].name != NULL; i++) {
        table[i] = (struct option){
            .name = rows[i].name,
            .has_arg = rows[i].value == NULL ? no_argument : required_argument,
            .val = rows[i].id,
        };
        if (rows[i].id >= OPTIONS_LONG)
            continue;
        *letter++ = (char)rows[i].id;
        if (rows[i].value != NULL)
            *letter++ = ':';
    }
    return options_next(argc, argv, letters, table, status, err);
}

enum status options_missing(const char *verb, const char *what, struct err *err)
{
    return err_set(err, STATUS_USAGE, "%s: missing %s: see 'stenohook help %.*s'", verb, what,
                   (int)strcspn(verb, " "), verb);
}

enum status options_operands(int argc, char **argv, int least, int most, struct err *err)
{
    int given = argc - optind;

    if (given < least)
        return options_missing(argv[0], "argument", err);
    if (given > most)
        return usage(argv[0], err, "unexpected argument", argv[optind + most], "");
    return STATUS_OK;
}

enum status option_time(const char *text, const char *option, int64_t now_ns, int64_t *out_ns,
                        struct err *err)
{
    uint64_t seconds;

    if (num_duration(str_of(text), &seconds)) {
        /* A time before 1970 is as good as the beginning. */
        *out_ns =
            seconds > (uint64_t)(now_ns / SECOND_NS) ? 0 : now_ns - (int64_t)seconds * SECOND_NS;
        return STATUS_OK;
    }
    if (clock_iso_parse(str_of(text), out_ns))
        return STATUS_OK;
    return err_set(err, STATUS_USAGE,
                   "%s: invalid value '%s' (use 24h, 7d, 2026-11-23 or 2026-11-23T07:50:18Z)",
                   option, text);
}

enum status option_number(const char *text, const char *option, uint64_t least, uint64_t most,
                          uint64_t *out, struct err *err)
{
    uint64_t number;

    if (!num_u64(str_of(text), &number) || number < least || number > most)
        return err_set(err, STATUS_USAGE,
                       "%s: invalid value '%s' (use a number from %" PRIu64 " to %" PRIu64 ")",
                       option, text, least, most);
    *out = number;
    return STATUS_OK;
}

enum status option_duration(const char *text, const char *option, uint64_t *out_ms, struct err *err)
{
    uint64_t seconds;

    if (!num_duration(str_of(text), &seconds) || seconds > DURATION_MAX_S)
        return err_set(err, STATUS_USAGE,
                       "%s: invalid value '%s' (use a duration of at most a day, such as 10s)",
                       option, text);
    *out_ms = seconds * 1000;
    return STATUS_OK;
}

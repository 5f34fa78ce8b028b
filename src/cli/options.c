/* SPDX-License-Identifier: MIT
 * options - see cli/options.h.
 */
#include "cli/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

#define DURATION_MAX_S 86400
#define CHOICES_BYTES 256
#define NAME_BYTES 64

static const struct options_row common_rows[] = {
    {OPTIONS_HELP, "help", NULL, NULL, ""},
    {OPTIONS_CONFIG, "config", "FILE", NULL, ""},
    {0},
};
#define COMMON_ROWS (sizeof common_rows / sizeof *common_rows)

/* Of this process, as getopt's own state is. */
static const char *program = "";

void options_set_program(const char *name)
{
    program = name;
}

void options_begin(void)
{
    opterr = 0;
#ifdef __GLIBC__
    optind = 0; /* starts anew, its hidden state included */
#else
    optind = 1;
#endif
}

/* ---- getopt */

/* verb NULL: the fault stands before the verb. The help of "rejected show" is that of "rejected".
 */
static enum status refuse_word(const char *verb, struct err *err, const char *before,
                               const char *word, const char *after)
{
    const char *topic = verb == NULL ? "--help" : verb;

    return err_set(err, STATUS_USAGE, "%s '%s'%s: see '%s %s%.*s'", before, word, after, program,
                   verb == NULL ? "" : "help ", (int)strcspn(topic, " "), topic);
}

struct tables {
    struct option names[OPTIONS_MAX + COMMON_ROWS];
    char letters[2 * (OPTIONS_MAX + COMMON_ROWS) + 3];
    size_t count;
};

static void add_rows(struct tables *t, const struct options_row *rows)
{
    char *letter = t->letters + strlen(t->letters);

    for (; rows != NULL && rows->name != NULL && t->count < OPTIONS_MAX + COMMON_ROWS - 1; rows++) {
        t->names[t->count++] = (struct option){
            .name = rows->name,
            .has_arg = rows->value == NULL ? no_argument : required_argument,
            .val = rows->id,
        };
        if (rows->id >= OPTIONS_LONG)
            continue;
        *letter++ = (char)rows->id;
        if (rows->value != NULL)
            *letter++ = ':';
    }
}

/* `mode` is what getopt calls "+:", ":" and "-:". */
static int take_option(const char *mode, const struct options_row *rows, int argc, char **argv,
                       enum status *status, struct err *err)
{
    const char *verb = mode[0] == '+' ? NULL : argv[0];
    struct tables t = {.count = 0};
    int c;

    memcpy(t.letters, mode, strlen(mode));
    add_rows(&t, rows);
    add_rows(&t, common_rows);
    c = getopt_long(argc, argv, t.letters, t.names, NULL);
    *status = STATUS_OK;
    if (c == ':') {
        *status = refuse_word(verb, err, "option", argv[optind - 1], " needs a value");
        return '?';
    }
    if (c == '?') {
        char letter[3] = {'-', (char)optopt, '\0'};
        const char *word = argv[optind - 1];

        /* An unknown letter may stand in the middle of others. */
        if (optopt != 0 && word[0] == '-' && word[1] != '-')
            word = letter;
        *status = refuse_word(verb, err, "unknown option", word, "");
    }
    return c;
}

static enum status check_choice(const struct options_row *rows, int id, struct err *err)
{
    char name[NAME_BYTES];

    while (rows->name != NULL && rows->id != id)
        rows++;
    if (rows->name == NULL || rows->choices == NULL)
        return STATUS_OK;
    snprintf(name, sizeof name, "--%s", rows->name);
    return option_choice(str_of(optarg), name, rows->choices, err);
}

int options_take(const struct options_row *rows, int argc, char **argv, enum status *status,
                 struct err *err)
{
    int id;

    do
        id = take_option(":", rows, argc, argv, status, err);
    while (id == OPTIONS_HELP || id == OPTIONS_CONFIG);
    if (id == -1 || id == '?')
        return id;
    *status = check_choice(rows, id, err);
    return *status == STATUS_OK ? id : '?';
}

int options_take_leading(const struct options_row *rows, int argc, char **argv, enum status *status,
                         struct err *err)
{
    return take_option("+:", rows, argc, argv, status, err);
}

void options_find_common(const struct options_row *rows, int argc, char **argv, const char **config,
                         bool *wants_help)
{
    enum status status;
    int id;

    options_begin();
    while ((id = take_option("-:", rows, argc, argv, &status, NULL)) != -1) {
        if (id == OPTIONS_CONFIG)
            *config = optarg;
        *wants_help = *wants_help || id == OPTIONS_HELP;
    }
}

/* ---- operands */

enum status options_missing(const char *verb, const char *what, struct err *err)
{
    return err_set(err, STATUS_USAGE, "%s: missing %s: see '%s help %.*s'", verb, what, program,
                   (int)strcspn(verb, " "), verb);
}

enum status options_operands(int argc, char **argv, int least, int most, struct err *err)
{
    int given = argc - optind;

    if (given < least)
        return options_missing(argv[0], "argument", err);
    if (given > most)
        return refuse_word(argv[0], err, "unexpected argument", argv[optind + most], "");
    return STATUS_OK;
}

/* ---- values */

enum status option_time(const char *text, const char *option, int64_t now_ns, int64_t *out_ns,
                        struct err *err)
{
    uint64_t seconds;

    if (num_duration(str_of(text), &seconds)) {
        /* A time before 1970 is as good as the beginning. */
        *out_ns =
            seconds > (uint64_t)(now_ns / NS_PER_S) ? 0 : now_ns - (int64_t)seconds * NS_PER_S;
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

enum status option_choice(struct str word, const char *option, const char *choices, struct err *err)
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

/* SPDX-License-Identifier: MIT
 * options - see cli/options.h.
 */
#include "cli/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/values.h"

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
    return value_choice(name, str_of(optarg), rows->choices, err);
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

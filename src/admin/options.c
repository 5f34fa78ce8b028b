/* SPDX-License-Identifier: MIT
 * options - getopt_long with our words for what is wrong.
 */
#include "admin/command.h"

#include <getopt.h>

void options_begin(void)
{
    opterr = 0;
#ifdef __GLIBC__
    optind = 0; /* starts anew, its hidden state included */
#else
    optind = 1;
#endif
}

static const char *verb_of(char **argv)
{
    return command_find(argv[0]) == NULL ? "--help" : argv[0];
}

static enum status usage(char **argv, struct err *err, const char *what, const char *option)
{
    const char *verb = verb_of(argv);

    return err_set(err, STATUS_USAGE, "%s '%s': see 'stenohook %s%s'", what, option,
                   verb[0] == '-' ? "" : "help ", verb);
}

int options_next(int argc, char **argv, const char *letters, const struct option *table,
                 enum status *status, struct err *err)
{
    int c = getopt_long(argc, argv, letters, table, NULL);
    char letter[3] = {'-', (char)optopt, '\0'};

    *status = STATUS_OK;
    if (c == ':') {
        *status = usage(argv, err, "a value is missing behind", argv[optind - 1]);
        return '?';
    }
    if (c == '?') {
        /* A letter that is unknown is named by itself: it may stand in the middle of others. */
        bool is_letter = optopt != 0 && argv[optind - 1][0] == '-' && argv[optind - 1][1] != '-';

        *status = usage(argv, err, "there is no option", is_letter ? letter : argv[optind - 1]);
        return '?';
    }
    return c;
}

enum status options_operands(int argc, char **argv, int least, int most, struct err *err)
{
    int given = argc - optind;

    if (given < least)
        return err_set(err, STATUS_USAGE, "%s needs to be told which one: see 'stenohook help %s'",
                       argv[0], argv[0]);
    if (given > most)
        return usage(argv, err, "this is too much:", argv[optind + most]);
    return STATUS_OK;
}

/* SPDX-License-Identifier: MIT
 * cmd_completion - stenohook completion
 */
#include <getopt.h>

#include "admin/completion.h"
#include "admin/verbs/verbs.h"
#include "cli/print.h"
#include "cli/values.h"

const struct options_row cmd_completion_options[] = {
    {0},
};

enum status cmd_completion(int argc, char **argv, const char *config_path, struct err *err)
{
    const char *const *lines;
    enum status status;

    (void)config_path;
    options_begin();
    while (options_take(cmd_completion_options, argc, argv, &status, err) != -1)
        return status;
    status = optind == argc ? options_missing(argv[0], "SHELL", err)
                            : options_operands(argc, argv, 1, 1, err);
    if (status == STATUS_OK)
        status = value_choice("SHELL", str_of(argv[optind]), "bash zsh", err);
    if (status != STATUS_OK)
        return status;
    lines = argv[optind][0] == 'b' ? completion_bash : completion_zsh;
    for (; status == STATUS_OK && *lines != NULL; lines++)
        status = print_text(*lines, err);
    return status;
}

/* SPDX-License-Identifier: MIT
 * cmd_completion - stenohook completion
 */
#include <getopt.h>
#include <string.h>

#include "admin/completion.h"
#include "admin/verbs/verbs.h"
#include "cli/print.h"

const struct options_row cmd_completion_options[] = {
    {0},
};

enum status cmd_completion(int argc, char **argv, const char *config_path, struct err *err)
{
    enum status status;
    struct buf out;

    (void)config_path;
    options_begin();
    while (options_take(cmd_completion_options, argc, argv, &status, err) != -1)
        return status;
    status = optind == argc ? options_missing(argv[0], "SHELL", err)
                            : options_operands(argc, argv, 1, 1, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&out, COMPLETION_MAX);
    if (strcmp(argv[optind], "bash") == 0)
        completion_bash(&out, &admin_program);
    else if (strcmp(argv[optind], "zsh") == 0)
        completion_zsh(&out, &admin_program);
    else
        status = err_set(err, STATUS_USAGE, "invalid SHELL '%s' (use bash or zsh)", argv[optind]);
    if (status == STATUS_OK)
        status = print_buf(&out, "the completion", err);
    buf_free(&out);
    return status;
}

/* SPDX-License-Identifier: MIT
 * cmd_retry - stenohook retry
 */
#include "admin/hook_verb.h"
#include "admin/verbs/verbs.h"

const struct options_row cmd_retry_options[] = {
    {HOOK_VERB_ALL, "all", NULL, NULL, "all dead letters, and all that wait for another attempt"},
    FILTER_ROWS,
    HOOK_VERB_DRY_RUN_ROW,
    HOOK_VERB_FORMAT_ROW,
    {0},
};

enum status cmd_retry(int argc, char **argv, const char *config_path, struct err *err)
{
    static const struct hook_verb verb = {
        .options = cmd_retry_options,
        .kind = ORDER_AGAIN,
        .states = 1U << HOOK_DEAD | 1U << HOOK_AGAIN,
        .failed_states = 1U << HOOK_DEAD | 1U << HOOK_AGAIN,
        .done = "will be tried again now",
        .unfit = "retry is for hooks that have failed; 'stenohook replay' runs any again",
    };

    return hook_verb_run(&verb, argc, argv, config_path, err);
}

/* SPDX-License-Identifier: MIT
 * cmd_drop - stenohook drop
 */
#include "admin/hook_verb.h"
#include "admin/verbs/verbs.h"

const struct options_row cmd_drop_options[] = {
    FILTER_ROWS, HOOK_VERB_DRY_RUN_ROW, HOOK_VERB_YES_ROW, HOOK_VERB_FORMAT_ROW, {0},
};

enum status cmd_drop(int argc, char **argv, const char *config_path, struct err *err)
{
    static const struct hook_verb verb = {
        .options = cmd_drop_options,
        .kind = ORDER_DROP,
        .states = 1U << HOOK_WAITING | 1U << HOOK_AGAIN | 1U << HOOK_DEAD,
        .needs_yes = true,
        .done = "will not run any more",
        .unfit = "drop is for hooks that wait, or have failed",
    };

    return hook_verb_run(&verb, argc, argv, config_path, err);
}

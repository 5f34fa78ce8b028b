/* SPDX-License-Identifier: MIT
 * cmd_replay - stenohook replay
 */
#include "admin/hook_verb.h"
#include "admin/verbs/verbs.h"

const struct options_row cmd_replay_options[] = {
    {HOOK_VERB_ALL, "failed", NULL, NULL,
     "events whose hook has failed: the same as --hook failed"},
    FILTER_ROWS,
    HOOK_VERB_DRY_RUN_ROW,
    HOOK_VERB_YES_ROW,
    HOOK_VERB_FORMAT_ROW,
    {0},
};

enum status cmd_replay(int argc, char **argv, const char *config_path, struct err *err)
{
    static const struct hook_verb verb = {
        .options = cmd_replay_options,
        .kind = ORDER_AGAIN,
        .states = 1U << HOOK_NONE | 1U << HOOK_DONE | 1U << HOOK_DEAD | 1U << HOOK_AGAIN |
                  1U << HOOK_DROPPED,
        .failed_states = 1U << HOOK_DEAD | 1U << HOOK_AGAIN,
        .needs_yes = true,
        .done = "will run again",
        .unfit = "replay is for events whose hook no longer runs automatically",
    };

    return hook_verb_run(&verb, argc, argv, config_path, err);
}

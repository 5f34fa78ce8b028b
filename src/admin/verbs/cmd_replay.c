/* SPDX-License-Identifier: MIT
 * cmd_replay - stenohook replay
 */
#include "admin/order.h"
#include "admin/verbs/verbs.h"

const struct options_row cmd_replay_options[] = {
    {ORDER_ALL, "failed", NULL, NULL, "events whose hook has failed: the same as --hook failed"},
    FILTER_ROWS,
    ORDER_DRY_RUN_ROW,
    ORDER_YES_ROW,
    ORDER_FORMAT_ROW,
    {0},
};

enum status cmd_replay(int argc, char **argv, const char *config_path, struct err *err)
{
    static const struct order order = {
        .options = cmd_replay_options,
        .kind = ORDER_AGAIN,
        .states = 1U << HOOK_NONE | 1U << HOOK_DONE | 1U << HOOK_DEAD | 1U << HOOK_AGAIN |
                  1U << HOOK_DROPPED,
        .failed_states = 1U << HOOK_DEAD | 1U << HOOK_AGAIN,
        .needs_yes = true,
        .done = "will run again",
        .unfit = "replay is for events whose hook will not run by itself",
    };

    return order_run(&order, argc, argv, config_path, err);
}

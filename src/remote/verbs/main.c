/* SPDX-License-Identifier: MIT
 * stenohook-remote - the verbs that speak HTTP as a client.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/command.h"
#include "cli/programs.h"
#include "remote/verbs/remote_verbs.h"

static const struct command commands[] = {
    {VERB_SEND, .run = cmd_send, .options = cmd_send_options},
    {VERB_SUBMIT, .run = cmd_submit, .options = cmd_submit_options},
    {VERB_FETCH, .run = cmd_fetch, .options = cmd_fetch_options},
    {VERB_RECONCILE, .run = cmd_reconcile, .options = cmd_reconcile_options},
    {
        .name = "trial",
        .arguments = "[OPTION ...] [URL]",
        .summary = "prove the way from outside to the record (stenohook check --url)",
        .help = "Asks for the report, delivers a small and a large trial as the sender would, and "
                "looks them up in the spool.\n"
                "Trials run no hook. Exits 1 if webhooks would not be recorded.\n",
        .run = cmd_trial,
        .options = cmd_trial_options,
    },
};

static const struct command_program program = {
    .name = PROGRAM_REMOTE,
    .manuals = "stenohook-remote(1), stenohook.conf(5)",
    .commands = commands,
    .count = sizeof commands / sizeof *commands,
};

int main(int argc, char **argv)
{
    const struct rlimit no_core = {0, 0};

    /* The API's key and secrets are in our memory, the key perhaps in our environment: no other
     * process of our user reads them, and no core file holds them. What we start is as any other.
     */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    return command_main(&program, argc, argv);
}

/* SPDX-License-Identifier: MIT
 * remote_verbs - the verbs of stenohook-remote.
 */
#include "remote/remote_verbs.h"

static const struct command commands[] = {
    {
        .name = "send",
        .arguments = "[OPTION ...] [KIND]",
        .summary = "deliver a sample webhook by AssemblyAI's rules",
        .help =
            "KIND is completed (the default), error, redacted, streaming or voice. Exits 0 "
            "only if every delivery was\n"
            "answered with a 2xx, and by an endpoint of ours with the word that it was recorded. "
            "Without --endpoint and\n--secret-file, --to gets no secret, and may be anybody's.\n",
        .run = cmd_send,
        .options = cmd_send_options,
    },
    {
        .name = "submit",
        .arguments = "[OPTION ...] URL | FILE",
        .summary = "have audio transcribed, with a webhook to an endpoint of ours",
        .help = "Prints the id of the transcript. A file is uploaded first. The endpoint's url and "
                "secret are those of the\n"
                "configuration.\n",
        .run = cmd_submit,
        .options = cmd_submit_options,
    },
    {
        .name = "fetch",
        .arguments = "[OPTION ...] ID ...",
        .summary = "get transcripts from the API",
        .help = "Without --out, one transcript goes to standard output. Exits 1 where one is not "
                "finished, or cannot be had.\n",
        .run = cmd_fetch,
        .options = cmd_fetch_options,
    },
    {
        .name = "reconcile",
        .arguments = "[OPTION ...]",
        .summary = "record the transcripts whose webhook never arrived",
        .help = "Asks the API which transcripts were finished, and records those with a webhook to "
                "an endpoint of ours that is\n"
                "not on record. Their hooks run. May be run at any time and by cron.\n",
        .run = cmd_reconcile,
        .options = cmd_reconcile_options,
    },
    {
        .name = "trial",
        .arguments = "[OPTION ...] [URL]",
        .summary = "prove the way from outside to the record (stenohook check --url)",
        .help = "Asks for the report, delivers a small and a large trial as the sender would, and "
                "looks them up in the spool.\n"
                "Trials run no hook. Exits 1 where webhooks would not be recorded.\n",
        .run = cmd_trial,
        .options = cmd_trial_options,
    },
    {
        .name = "sandbox",
        .arguments = "[OPTION ...]",
        .summary = "run a stand-in for AssemblyAI's API on this machine",
        .help = "Runs behind a lighttpd of its own, on 127.0.0.1, until it is interrupted. What it "
                "knows is forgotten then, unless\n"
                "--dir is given. The environment says more: stenohook-sandbox(8).\n",
        .run = cmd_sandbox,
        .options = cmd_sandbox_options,
    },
};

const struct command_program remote_program = {
    .name = "stenohook-remote",
    .manuals = "stenohook-remote(1), stenohook.conf(5)",
    .commands = commands,
    .count = sizeof commands / sizeof *commands,
};

enum status words_add(struct words *words, const char *word, const char *option, struct err *err)
{
    if (words->count == WORDS_MAX)
        return err_set(err, STATUS_USAGE, "%s is given more than %d times", option, WORDS_MAX);
    words->at[words->count++] = word;
    return STATUS_OK;
}

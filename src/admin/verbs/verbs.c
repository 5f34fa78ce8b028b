/* SPDX-License-Identifier: MIT
 * verbs - the verbs of the command line.
 */
#include "admin/verbs/verbs.h"

#include "cli/programs.h"

#define ID_NOTE                                                                                    \
    "ID is an event's id (12:103), or a transcript, session or event id of the sender, or the "    \
    "beginning\nof one.\n"
#define ORDER_NOTE ID_NOTE FILTER_NOTE

static const struct command commands[] = {
    {
        .name = "init",
        .arguments = "[OPTION ...]",
        .summary = "make the spool, a secret and a configuration",
        .help =
            "The configuration to write is --config FILE, else STENOHOOK_CONFIG, else\n"
            "~/.config/stenohook/stenohook.conf; as root " SYSCONFDIR "/stenohook/stenohook.conf.\n"
            "Keeps what exists and adds what is missing. Prints what to give to the sender, one\n"
            "\"name value\" a line.\n",
        .run = cmd_init,
        .options = cmd_init_options,
    },
    {
        .name = "check",
        .arguments = "[OPTION ...] [--url [URL]]",
        .summary = "look for mistakes in the configuration, the spool and the host",
        .help =
            "Prints \"error: ...\" and \"warning: ...\" lines. Exits 1 if there is an error, 3 if "
            "the\nconfiguration cannot be used at all.\n",
        .run = cmd_check,
        .options = cmd_check_options,
    },
    {
        .name = "list",
        .arguments = "[OPTION ...]",
        .summary = "list recorded events in the order in which they were recorded",
        .help = FILTER_NOTE,
        .run = cmd_list,
        .options = cmd_list_options,
    },
    {
        .name = "show",
        .arguments = "[OPTION ...] ID",
        .summary = "show one event by its id or by the transcript's",
        .help = ID_NOTE,
        .run = cmd_show,
        .options = cmd_show_options,
    },
    {
        .name = "tail",
        .arguments = "[OPTION ...]",
        .summary = "print the last events, and follow what is recorded",
        .help = FILTER_NOTE "-f ends on an interrupt, at --until, or when its output is closed.\n",
        .run = cmd_tail,
        .options = cmd_tail_options,
    },
    {
        .name = "stats",
        .arguments = "[OPTION ...]",
        .summary = "count what waits, what failed and what the spool holds",
        .help = "Exits 1 if --max-age or --max-dead is exceeded, and says so in one sentence: on "
                "stderr, or with -q on\n"
                "stdout and nothing else, for cron and for monitoring. Exits 0 if all is well; any "
                "other code means that\nthe numbers are not known.\n",
        .run = cmd_stats,
        .options = cmd_stats_options,
    },
    {
        .name = "replay",
        .arguments = "[OPTION ...] [ID ...]",
        .summary = "run the hooks of events again, also of those that were done",
        .help = ORDER_NOTE,
        .run = cmd_replay,
        .options = cmd_replay_options,
    },
    {
        .name = "retry",
        .arguments = "[OPTION ...] [ID ...]",
        .summary = "give events whose hook has failed all their attempts again, now",
        .help = ORDER_NOTE,
        .run = cmd_retry,
        .options = cmd_retry_options,
    },
    {
        .name = "drop",
        .arguments = "[OPTION ...] [ID ...]",
        .summary = "take events from the queue: their hooks do not run (any more)",
        .help = ORDER_NOTE,
        .run = cmd_drop,
        .options = cmd_drop_options,
    },
    {
        .name = "resume",
        .arguments = "--from now|start|T [OPTION ...]",
        .summary = "choose for which events hooks run, after a restored journal has paused them",
        .help = "If the state of the hooks is missing, or does not belong to the journal, no hook "
                "runs\n"
                "before this. Earlier orders (replay, retry, drop) become void.\n",
        .run = cmd_resume,
        .options = cmd_resume_options,
    },
    {
        .name = "rejected",
        .arguments = "list | show | accept [OPTION ...] [NAME ...]",
        .summary = "look at deliveries that are not on record, and record them after all",
        .help = "NAME is an entry's name or the beginning of one, or the sender's id of a "
                "transcript.\n"
                "accept records them as events, as if they had come with the right secret.\n",
        .run = cmd_rejected,
        .options = cmd_rejected_options,
    },
    {
        .name = "prune",
        .arguments = "[--dry-run]",
        .summary = "remove what is older than the configuration's keep",
        .help = "The gateway and the runner do that too from time to time. Prints what was "
                "removed, by\n"
                "kind.\n",
        .run = cmd_prune,
        .options = cmd_prune_options,
    },
    {
        .name = "verify",
        .arguments = "[--repair]",
        .summary = "read the whole journal and look for damage",
        .help = "Prints one line a finding and a summary. Bytes that are torn (a write that was "
                "cut off) or void (never\n"
                "acknowledged) are harmless. Exits 1 if something is rotten: a record was "
                "altered or lost.\n",
        .run = cmd_verify,
        .options = cmd_verify_options,
    },
    {
        .name = "completion",
        .arguments = "bash | zsh",
        .summary = "print the completion of this command line for a shell",
        .help = "bash: . <(stenohook completion bash)\n"
                "zsh:  stenohook completion zsh >\"${fpath[1]}/_stenohook\"\n",
        .run = cmd_completion,
        .options = cmd_completion_options,
    },
    {
        .name = "run",
        .arguments = "[ARGUMENT ...]",
        .summary = "run the hooks of recorded events",
        .help = "",
        .run = cmd_program,
        .raw = true,
    },
    {VERB_SEND, .run = cmd_program, .raw = true},
    {VERB_SUBMIT, .run = cmd_program, .raw = true},
    {VERB_FETCH, .run = cmd_program, .raw = true},
    {VERB_RECONCILE, .run = cmd_program, .raw = true},
    {VERB_SANDBOX, .run = cmd_program, .raw = true},
};

const struct command_program admin_program = {
    .name = "stenohook",
    .manuals = "stenohook(1), stenohook.conf(5), stenohook.fcgi(8)",
    .commands = commands,
    .count = sizeof commands / sizeof *commands,
};
